"""What a body outside the town does not need to know of people: masked in the text before it leaves (P8).

Better one number too many hidden than a person's: the body has our number and may ask. What only looks personal and is needed
for the work (house numbers, lamp and crossing numbers, coordinates, dates, times, road numbers) stays.
"""

import re
from collections.abc import Callable

PHONE, EMAIL, BIRTH_NUMBER, PLATE, ACCOUNT, LINK = (
    "[telefon skryt]",
    "[e-mail skryt]",
    "[rodné číslo skryto]",
    "[SPZ skryta]",
    "[číslo účtu skryto]",
    "[odkaz skryt]",
)

# Between groups of digits: spaces, or one dash, dot or slash with spaces around it.
_GAP = r"(?:\s{1,3}|\s{0,2}[./\u2010-\u2015-]\s{0,2})"
_AT = r"(?:\s{0,3}(?:@|[(\[{]\s?(?:at|a|zavin[aá][cč])\s?[)\]}])\s{0,3}|\s{1,3}zavin[aá][cč]\s{1,3})"
_DOT = r"(?:\.|\s{0,3}[(\[{]\s?(?:dot|te[cč]ka)\s?[)\]}]\s{0,3}|\s{1,3}te[cč]ka\s{1,3})"
_EMAIL = re.compile(
    rf"(?<![\w.+%'-])[\w.+%'-]{{1,64}}(?:\s{{1,3}}te[cč]ka\s{{1,3}}[\w.+%'-]{{1,64}}){{0,3}}{_AT}[\w-]+(?:{_DOT}[\w-]+)+",
    re.IGNORECASE,
)
_LINK = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:\s{0,3}[A-Z0-9]{4}){2,7}(?:\s{0,3}[A-Z0-9]{1,3})?\b")
# Prefix, number of at least two digits, bank code; spaces around the dash and slash happen.
_ACCOUNT = re.compile(r"(?<![\d/-])(?:\d{1,6}\s{0,3}[\u2010-\u2015-]\s{0,3})?(\d{2,10})\s{0,3}/\s{0,3}(\d{4})(?![\d/])")
_BIRTH_NUMBER = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{2})\s{0,3}/?\s{0,3}(\d{3,4})(?!\d)")
_PHONE = re.compile(
    rf"(?<![\d.,/-])(?:(?:\+|00)\s?\d{{1,3}}{_GAP}?)?"
    rf"(?:\(?\d{{3}}\)?{_GAP}?\d{{3}}{_GAP}?\d{{3}}|\(?\d{{3}}\)?{_GAP}\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{2}})"
    r"(?![\d/]|[.,]\d|\s{0,3}(?:Kč|korun))"
)
_FOREIGN_PHONE = re.compile(rf"(?<![\w.,])(?:\+|00)[1-9](?:{_GAP}?\d){{8,13}}(?!\d)")
# 1AB 2345, 1A2 3456, EL 123 AB, and the older ABC 12-34; letters of Czech plates have no G, CH, O, Q, W.
_PLATE = re.compile(
    r"\b(?:[0-9][ABCEHJKLMPSTUZ][0-9A-FHJ-NPR-VXYZ](?:\s{1,3}|[\u2010-\u2015-])?[0-9]{4}"
    r"|[A-Z]{2,3}(?:\s{1,3}|[\u2010-\u2015-])?[0-9]{2}(?:\s{1,3}|[\u2010-\u2015-])[0-9]{2}"
    r"|EL(?:\s{1,3}|[\u2010-\u2015-])?[0-9]{3}(?:\s{1,3}|[\u2010-\u2015-])?[A-Z]{2})\b",
    re.IGNORECASE,
)
# They show as nothing and stand between digits all the same.
_UNSEEN = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_MARKS = r"^[>\s*_]*"
_PEOPLE_HEADER = re.compile(
    _MARKS + r"(?:od|from|komu|to|kopie|cc|skrytá kopie|bcc|odesílatel|sender|reply-to)[*_]*\s?:", re.IGNORECASE
)
_OTHER_HEADER = re.compile(
    _MARKS + r"(?:předmět|subject|datum|date|odesláno|sent|přijato|received)[*_]*\s?:", re.IGNORECASE
)


def without_correspondents(text: str) -> str:
    """The text without the lines of a forwarded mail's head that name people; `Od: 8 do 16 hodin` alone is no such line."""
    lines = text.splitlines()
    people = [bool(_PEOPLE_HEADER.match(line)) for line in lines]
    heads = [named or bool(_OTHER_HEADER.match(line)) for named, line in zip(people, lines, strict=True)]
    near = [any(heads[max(i - 1, 0) : i] + heads[i + 1 : i + 2]) for i in range(len(lines))]
    kept = (
        line
        for line, named, beside in zip(lines, people, near, strict=True)
        if not (named and (beside or _EMAIL.search(line)))
    )
    return "\n".join(kept)


def masked(text: str) -> str:
    """The text with phones, e-mails, links, birth numbers, plates and account numbers replaced by words saying so."""
    text = _UNSEEN.sub("", text)
    for pattern, replacement in _STEPS:
        text = pattern.sub(replacement, text)
    return text


def _birth_number(match: re.Match[str]) -> str:
    """Begins with a day: act 133/2000 Sb. § 13, women +50, and +20 where numbers ran out. Mistyped ones count too."""
    _, month, day, _ = match.groups()
    likely = any(offset < int(month) <= offset + 12 for offset in (0, 20, 50, 70)) and 1 <= int(day) <= 31
    return BIRTH_NUMBER if likely else match.group()


def _account(match: re.Match[str]) -> str:
    """Acts (283/2021 Sb.) and house numbers look alike: a short number must have an account's check digit and no year behind."""
    number, bank = match.groups()
    weights = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)
    genuine = sum(int(digit) * weight for digit, weight in zip(reversed(number), weights, strict=False)) % 11 == 0
    like_a_year = "1900" <= bank <= "2059"
    return ACCOUNT if len(number) >= 6 or (genuine and not like_a_year) else match.group()


def _plate(match: re.Match[str]) -> str:
    # Words of two or three letters before two pairs of digits are mostly times ("od 10-12"): lower case is no plate there.
    found = match.group()
    old_form = not found[0].isdigit() and found[:2].upper() != "EL"
    return found if old_form and not found[:2].isupper() else PLATE


_STEPS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_EMAIL, EMAIL),
    (_LINK, LINK),
    (_IBAN, ACCOUNT),
    (_BIRTH_NUMBER, _birth_number),
    (_ACCOUNT, _account),
    (_PLATE, _plate),
    (_FOREIGN_PHONE, PHONE),
    (_PHONE, PHONE),
)
