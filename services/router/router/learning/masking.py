"""A text without what names a person: what may be learnt from. Pure.

Nothing of it is kept but weights of words; the masks keep names and numbers from becoming such words.
"""

import re

from router.matter import without_farewell

MASK = "•"
_NUMBERS_AND_ADDRESSES = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|[\w.+-]+@[\w-]+\.[\w.-]+"
    r"|(?<![\w/])\+?\d[\d /-]{7,}\d"  # telephone, account, birth number
    r"|\b\d[A-Z]\w?\s?\d{4}\b"  # number plate
    r"|\b[A-Z]{2}\d{2}(?:\s?\d{4}){3,6}\b",  # IBAN
)
_CAPITAL = "[A-ZÁČĎÉĚÍŇÓŘŠŤÚŮÝŽ]"
# A name with a house's number is an address; without one it may be where the hole is.
# At the beginning of a sentence it is any word: `Už 14 dní`.
_NUMBERED = rf"{_CAPITAL}[^\W\d_]+\.?,?\s+(?:č\.\s?p?\.?\s?|čp\.?\s?)?\d{{1,4}}(?:/\d{{1,4}}[a-z]?)?"
_HOUSE = re.compile(rf"(?<=[^\s.!?…]\s){_NUMBERED}\b|^{_NUMBERED}$", re.MULTILINE)
_INTRODUCED = re.compile(
    r"\b((?i:jmenuj[iu]\s+se|jsem|p\.|pan[aeíu]?|panem|panu|mgr\.|ing\.|mudr\.|judr\.|bc\.)\s+)"
    rf"{_CAPITAL}[^\W\d_]+(?:\s+{_CAPITAL}[^\W\d_]+)?"
)
_TWO_NAMES = re.compile(rf"\b{_CAPITAL}[^\W\d_]+\s+{_CAPITAL}[^\W\d_]+\b")


def masked(text: str) -> str:
    """The text without signature, names, numbers of people and addresses."""
    text = without_farewell(text)
    for pattern, mask in (
        (_NUMBERS_AND_ADDRESSES, MASK),
        (_HOUSE, MASK),
        (_INTRODUCED, rf"\1{MASK}"),
        (_TWO_NAMES, MASK),
    ):
        text = pattern.sub(mask, text)
    return text
