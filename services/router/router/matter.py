"""What a message is about: its words without greetings, thanks for attention and other politeness. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from contracts.reports import Automatic
from router.words import Word, words_of

_LONGEST, _LONGEST_SUBJECT = 3000, 300
_ENOUGH = 4
_A_WORD = re.compile(r"[^\W_]")
_PREFIXES = re.compile(r"^\s*(?:(?:re|fw|fwd|odp|př|předmět)\s*:\s*|\[[^\]]{0,40}\]\s*)+", re.IGNORECASE)
# A subject with a ticket's number in it is one that we wrote: its words are ours, and say nothing of what is written now.
_OUR_SUBJECT = re.compile(r"(?:č\.|no\.)\s*\d{4}-\d{6,12}\b", re.IGNORECASE)
_EMPTY_SUBJECT = re.compile(
    r"^\W*(?:bez předmětu|hlášení|hlaseni|podnět|podnet|dotaz|prosba|zpráva|dobrý den|ahoj|zdravím|závada|\(no subject\))\W*$",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"^\s*(?:(?:krásný|hezký|pěkný)?\s*(?:dobr[ýy]\s+(?:den|večer)|hezk[ýy]\s+den|zdravím|ahoj|v[áa]žen[íiýáe]\w*|mil[íý]\b)"
    r"[^,.!:\n]{0,60}[,.!:\n]+)+",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"(?:^|[\n.!?,;])\s*(?:s\s+(?:pozdravem|[úu]ctou|přáním|pranim)|(?:(?:předem|predem|moc|velice|mockrát)\s+){0,2}d[ěe]kuj[iue]\w{0,3}"
    r"|d[íi]ky|hezk[ýy]\s+(?:den|večer)|za\s+odpověď\s+d[ěe]kuj)\b[^\n]{0,60}(?:\n[^\n]{0,40}){0,3}$",
    re.IGNORECASE,
)
# A full stop after a number or a single letter ends no sentence: `č. 12`, `2. 5.`, `p. Novák`.
_BETWEEN_SENTENCES = re.compile(r"(?<=[^\W\d_]{3}[.!?…])\s+|(?<=[!?…])\s+|(?<=\d\d\.)\s+(?=[^\W\d_]{2})|\n+")
MOST_SENTENCES = 40
# Soft hyphens, zero-width signs, marks of direction, control signs other than white space.
_UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\x00-\x08\x0b\x0c\x0e-\x1f]"
)
_NOT_BUT = re.compile(r"\bnejde\s+o\s+[^,.;]{1,60},?\s+ale\s+o\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Position:
    """WGS 84 degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True)
class CaseText:
    """What the router knows of a case."""

    subject: str = ""
    text: str = ""
    automatic: Automatic = Automatic.NO
    language: str | None = None
    photo_positions: Sequence[Position] = ()


@dataclass(frozen=True)
class Sentence:
    """A sentence as written, and its words."""

    text: str
    words: list[Word]


@dataclass(frozen=True)
class Matter:
    """A case's words."""

    case: CaseText
    subject: list[Word]
    text: list[Word]
    """Without the greeting; thanks and farewells are kept, because a thank-you may be all there is to say."""
    title: str
    """The subject of which `subject` is made; ends of words count in it."""
    written: str
    """The text of which `text` is made; ends of words count in it."""
    topic: list[Word]
    """What it is about: also without farewells, and without places that are named only to say where."""

    @property
    def words(self) -> list[Word]:
        """Subject and text, with a gap between that no phrase crosses."""
        return [*self.subject, *_GAP, *self.text]

    @cached_property
    def sentences(self) -> list[Sentence]:
        """The text's sentences, at most MOST_SENTENCES; the subject is none of them."""
        pieces = (piece.strip() for piece in _BETWEEN_SENTENCES.split(self.written))
        found = [Sentence(piece, words) for piece in pieces if (words := words_of(piece))]
        return found[:MOST_SENTENCES]


_GAP = [Word("", "", 0)] * 3
# What follows says where something is, not what: `tráva u hřiště` is about the grass.
_WHERE = {"u", "pred", "naproti", "vedle", "pobliz", "kousek", "smerem", "smer", "k", "ke"}
# How to reach the writer says nothing of the matter; whoever calls for rescue is found by the rules.
_CONTACT = {"volejte", "zavolejte", "volat", "zavolat", "tel", "prosim", "prosime"}


def matter_of(case: CaseText) -> Matter:
    """The words that count. Where nothing is left, politeness counts too."""
    subject = _PREFIXES.sub("", _spaced(case.subject[:_LONGEST_SUBJECT]))
    if _EMPTY_SUBJECT.match(subject) or _OUR_SUBJECT.search(subject):
        subject = ""
    written = _spaced(case.text[:_LONGEST])
    text = _GREETING.sub("", written, count=1)
    text = _NOT_BUT.sub("jde o ", text if _A_WORD.search(text) else written)
    topic = _without_places(words_of(without_farewell(text)))
    return Matter(case, words_of(subject), words_of(text), subject, text, topic or words_of(text))


def without_farewell(text: str) -> str:
    """Without the farewell at the end and what is signed below it."""
    return _FAREWELL.sub("\n", text, count=1)


def _spaced(text: str) -> str:
    """As it is seen, and runs of white space shortened, so that no pattern below can wander through thousands of blanks."""
    text = _UNSEEN.sub("", unicodedata.normalize("NFC", text))
    return re.sub(r"\n\s+", "\n", re.sub(r"[^\S\n]+", " ", text)).strip()


def _without_places(words: list[Word]) -> list[Word]:
    """Leaves out contacts, and the word after a preposition of place where enough is left."""
    words = [word for word in words if word.folded not in _CONTACT]
    kept = [
        word for before, word in zip([None, *words], words, strict=False) if not (before and before.folded in _WHERE)
    ]
    return kept if len(kept) >= _ENOUGH else words
