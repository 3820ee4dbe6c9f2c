"""What the writer says now, set apart from quoted history and signature. Nothing is dropped: all three are kept.

Knows how clients write in Czech, Slovak, German, Polish and English. Where it is not sure, words stay in the text: a quote in
the text is a nuisance, a report in the quote is a lost report.
"""

# ruff: noqa: RUF001 - typographic dashes and Cyrillic letters are what is looked for

import re
from dataclasses import dataclass

MAXIMUM_LINES = 5_000
_SHORT_NOTE = 160
_SIGNATURE_LINES = 12
_SIGNATURE_LETTERS = 700
_LEAST_SAID = 20
"""Letters above a closing phrase: with fewer, the phrase is how the message begins."""


@dataclass(frozen=True, slots=True)
class Divided:
    """The parts of a text; empty where there is none."""

    text: str
    quote: str = ""
    signature: str = ""


_WEEKDAY = r"(po|út|st|čt|pá|so|ne|mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|ut|št|pi)\.?,?"
_SAYS = (
    r"(napsal\(a\)|napsala?|napísal\(a\)|napísala?|píše|wrote|schrieb|napisał\(a\)|napisała?|a écrit|ha scritto|escribió"
    r"|пише|написав|написала|писал\(а\)|написал)"
)
_ATTRIBUTION = re.compile(
    rf"^[>\s]*(dne|dňa|on|am|w dniu|le|el|il|{_WEEKDAY}|\d{{1,2}}\.\s?\d{{1,2}}\.\s?\d{{2,4}}|\d{{4}}-\d\d-\d\d)(?!\w)"
    rf".{{3,300}}\b{_SAYS}"
    rf".{{0,120}}:\s*$",
    re.IGNORECASE,
)
_SOMEBODY_SAYS = re.compile(_SAYS, re.IGNORECASE)
_ATTRIBUTION_END = re.compile(rf"{_SAYS}.{{0,120}}:\s*$", re.IGNORECASE)
_DASHES = r"[-_—–=*]{2,}"
_REPLY_MARK = re.compile(
    rf"^\s*{_DASHES}\s*(původní zpráva|původní e-?mail|pôvodná správa|pôvodný e-?mail|original message|original e-?mail"
    rf"|ursprüngliche nachricht|originalnachricht|wiadomość oryginalna|předchozí zpráva)\s*{_DASHES}?\s*$",
    re.IGNORECASE,
)
_FORWARD_MARK = re.compile(
    rf"^\s*({_DASHES}\s*(přeposlaná zpráva|přeposlaný e-?mail|předaná zpráva|preposlaná správa|forwarded message"
    rf"|weitergeleitete nachricht|wiadomość przekazana dalej)\s*{_DASHES}?"
    r"|začátek přeposílané zprávy:|begin forwarded message:|anfang der weitergeleiteten nachricht:|začiatok preposlanej správy:)\s*$",
    re.IGNORECASE,
)
_FROM_LINE = re.compile(r"^\s*\*?(od|from|von|odosielateľ|odesílatel)\s*:\*?\s*\S", re.IGNORECASE)
_OTHER_LINE = re.compile(
    r"^\s*\*?(odesláno|sent|gesendet|datum|date|komu|to|an|předmět|subject|betreff|predmet|odoslané|kopie|cc)\s*:",
    re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(r"^\s*(fwd?|wg|pd|přep|tr|přeposláno|předáno)\s*:", re.IGNORECASE)
_REPLY_SUBJECT = re.compile(r"^\s*(re|odp|aw|sv|odpověď)\s*(\[\d+\])?\s*:", re.IGNORECASE)

_SENT_FROM = re.compile(
    r"^\s*(odesláno (z|ze|pomocí|mobilním)\b|poslané z\b|odoslané z\b|sent from (my|outlook|mail|yahoo|proton)|sent with\b"
    r"|von meinem .{1,40} gesendet|gesendet von\b|diese nachricht wurde von meinem|získejte? outlook|získat outlook|get outlook for"
    r"|outlook für|wysłane z\b|staženo z\b|надіслано з|отправлено с)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^\s*(se? (přátelským |srdečným |uctivým )?pozdrav(em|om)|s úctou|zdraví (vás )?\w+( \w+)?\W*$|hezký (den|zbytek|víkend)"
    r"|pěkný (den|zbytek|víkend)|přeji (hezký|pěkný|krásný)|(předem )?děkuj[iu](eme)?,? (a )?(s pozdravem|přeji|hezký|pěkný)"
    r"|mit freundlichen gr(ü|ue)(ß|ss)en|(viele|freundliche|liebe) gr(ü|ue)(ß|ss)e|mfg\b|z poważaniem|pozdrawiam"
    r"|(best|kind|warm) regards|regards\b|sincerely|yours (faithfully|sincerely)|з повагою|с уважением)",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"^\s*((předem |mockrát )?(děkuj[iu](eme)?|díky|dík)( (předem|moc|mockrát|za \w+( \w+)?))?|(many )?thanks?|thank you|danke|vielen dank"
    r"|ďakujem|dziękuję|дякую|спасибо)\W*$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(\w+\W+){4,}\w*[.?!]\s*$")
_POSTSCRIPT = re.compile(r"^\s*p\.?\s?s\.?\s*[:.\-–]?\s", re.IGNORECASE)
_QUOTED_LINE = re.compile(r"^\s{0,3}>")


def is_reply_subject(subject: str) -> bool:
    """`Re:`, `Odp:` and the like."""
    return _REPLY_SUBJECT.match(subject) is not None


def is_forward_subject(subject: str) -> bool:
    """`Fwd:`, `Přeposláno:` and the like."""
    return _FORWARD_SUBJECT.match(subject) is not None


def divide(text: str, *, reply: bool, forward: bool) -> Divided:
    """Divides a whole text. `reply`: the message answers another one; `forward`: its subject says that it passes one on."""
    text = text.strip("\n")
    lines = text.split("\n")
    if len(lines) > MAXIMUM_LINES:
        return Divided(text.strip())
    start, is_forward = _history(lines)
    own, quoted, attributed = lines[:start], lines[start:], False
    if start == len(lines):
        own, quoted, attributed = _marked_lines(lines)
    remaining, signature = _without_signature(own)
    said = "\n".join(remaining).strip()
    quote = "\n".join(quoted).strip()
    if quote and (is_forward or (forward and not reply)) and len(said) <= _SHORT_NOTE:
        # Who forwards with a word or two reports what he forwards.
        return Divided("\n\n".join(filter(None, (said, quote))), "", signature)
    if not said and quote and not reply:
        return Divided(quote, "", signature)
    if not reply and not attributed and start == len(lines):
        # A few lines with `>` in a message that answers nothing are the writer's own way of writing.
        remaining, signature = _without_signature(lines)
        return Divided("\n".join(remaining).strip(), "", signature)
    return Divided(said, quote, signature)


def _history(lines: list[str]) -> tuple[int, bool]:
    """Index of the line from which all is another message, and whether that is a forwarded one; `len(lines)` where none."""
    somebody_says = _SOMEBODY_SAYS.search("\n".join(lines)) is not None
    for number, line in enumerate(lines):
        if len(line) > 400 or not line.strip():
            continue
        if _FORWARD_MARK.match(line):
            return number, True
        if _REPLY_MARK.match(line) or _header_block(lines, number):
            above = number - 1 if number and re.match(rf"^\s*{_DASHES}\s*$", lines[number - 1]) else number
            return above, False
        length = _attribution(lines, number) if somebody_says else 0
        if length and not _followed_by_marks(lines, number + length):
            return number, False
    return len(lines), False


def _attribution(lines: list[str], number: int) -> int:
    """How many lines the `Dne … napsal(a):` takes that begins here; 0 where none does."""
    joined = ""
    for length in (1, 2, 3):
        if number + length > len(lines) or len(joined) > 400:
            return 0
        last = lines[number + length - 1].strip()
        joined = f"{joined} {last}".strip()
        if ":" in last and _ATTRIBUTION_END.search(joined):
            alone = length > 1 and _ATTRIBUTION.match(last) is not None
            return length if not alone and _ATTRIBUTION.match(joined) else 0
    return 0


def _followed_by_marks(lines: list[str], number: int) -> bool:
    following = next((line for line in lines[number : number + 4] if line.strip()), "")
    return _QUOTED_LINE.match(following) is not None


def _header_block(lines: list[str], number: int) -> bool:
    """The `Od: … Odesláno: … Komu: … Předmět: …` that Outlook puts above the history."""
    if not _FROM_LINE.match(lines[number]):
        return False
    following = [line for line in lines[number + 1 : number + 9] if line.strip()][:5]
    return sum(1 for line in following if _OTHER_LINE.match(line)) >= 2


def _marked_lines(lines: list[str]) -> tuple[list[str], list[str], bool]:
    """Own lines, lines marked with `>`, and whether an attribution stood above such a block."""
    if not any(_QUOTED_LINE.match(line) for line in lines):
        return lines, [], False
    own: list[str] = []
    quoted: list[str] = []
    attributed = False
    number = 0
    while number < len(lines):
        length = _attribution(lines, number)
        if length and _followed_by_marks(lines, number + length):
            attributed = True
            quoted.extend(lines[number : number + length])
            number += length
            continue
        (quoted if _QUOTED_LINE.match(lines[number]) else own).append(lines[number])
        number += 1
    return own, quoted, attributed


def _without_signature(lines: list[str]) -> tuple[list[str], str]:
    """The lines before the signature, and the signature."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    for number, line in enumerate(lines):
        if line in ("-- ", "--") and len(lines) - number <= 30 and not _has_postscript(lines[number:]):
            return lines[:number], "\n".join(lines[number + 1 :]).strip()
    sent_from: list[str] = []
    if lines and len(lines[-1]) < 120 and _SENT_FROM.match(lines[-1]):
        sent_from, lines = [lines[-1]], lines[:-1]
    number = _closing(lines)
    signature = [*lines[number:], *sent_from]
    return lines[:number], "\n".join(signature).strip()


def _closing(lines: list[str]) -> int:
    """Index of the line with which the writer says goodbye; `len(lines)` where he does not."""
    letters = written = 0
    found = len(lines)
    for number in range(len(lines) - 1, -1, -1):
        line = lines[number].strip()
        if not line:
            continue
        letters, written = letters + len(line), written + 1
        if letters > _SIGNATURE_LETTERS or written > _SIGNATURE_LINES or _POSTSCRIPT.match(line):
            break
        thanks = _THANKS.match(line) is not None
        if len(line) <= 80 and (_CLOSING.match(line) or (thanks and written <= 5)):
            found = number
        elif len(line) > 100 or _SENTENCE.search(line):
            break  # whole sentences after a greeting are not a name and a telephone number
    return found if sum(len(line.strip()) for line in lines[:found]) >= _LEAST_SAID else len(lines)


def _has_postscript(lines: list[str]) -> bool:
    return any(_POSTSCRIPT.match(line) for line in lines)
