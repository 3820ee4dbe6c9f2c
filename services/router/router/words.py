"""The words of a message, and phrases that are looked for among them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from packs.folding import fold
from packs.phrases import Stem, stems

_RAW_WORD = re.compile(r"[^\W_]+")
_LARGEST_GAP = 2
_WORDS_REMEMBERED = 16_384
_BEGINNING = 4

Owner = TypeVar("Owner")


class Word(NamedTuple):
    """One word: as written, folded, and where it ends in the text."""

    raw: str
    folded: str
    end: int


def words_of(text: str) -> list[Word]:
    """All words of a text in order."""
    return [Word(found[0], _folded(found[0]), found.end()) for found in _RAW_WORD.finditer(text)]


_folded = lru_cache(maxsize=_WORDS_REMEMBERED)(fold)


@dataclass(frozen=True)
class Found(Generic[Owner]):
    """A phrase that was found: whose it is, and the first and last word."""

    owner: Owner
    phrase: str
    first: int
    last: int


def _beginning(rest: tuple[Stem, ...]) -> str | None:
    """The first letters of a phrase's second word, where every word that fits it has them: most phrases fail at it."""
    if not rest or not (rest[0].whole or len(rest[0].text) >= _BEGINNING):
        return None
    return rest[0].text[:_BEGINNING]


class Phrases(Generic[Owner]):
    """Finds many phrases at once. A phrase is made of beginnings of words; see packs/phrases.py."""

    def __init__(self, phrases: Iterable[tuple[Owner, str]], *, gap: int = _LARGEST_GAP) -> None:
        """`gap`: how many other words may stand between two of a phrase."""
        self._gap = gap
        self._by_first: dict[str, list[tuple[Stem, tuple[Stem, ...], Owner, str]]] = defaultdict(list)
        for owner, phrase in phrases:
            first, *rest = stems(phrase) or (None,)
            if first is not None:
                self._by_first[first.text].append((first, tuple(rest), owner, phrase))
        self._longest = max((len(first) for first in self._by_first), default=0)
        self._shortest = min((len(first) for first in self._by_first), default=1)
        self._beginning_with = lru_cache(maxsize=_WORDS_REMEMBERED)(self._looked_up)

    def find(self, words: Sequence[Word]) -> list[Found[Owner]]:
        """Every phrase at each place where it begins."""
        found = []
        beginnings = {word.folded[:_BEGINNING] for word in words}
        for position, word in enumerate(words):
            for second, rest, owner, phrase in self._beginning_with(word.folded):
                if second is not None and second not in beginnings:
                    continue
                last = self._follow(words, position, rest) if rest else position
                if last is not None:
                    found.append(Found(owner, phrase, position, last))
        return found

    def _looked_up(self, folded: str) -> tuple[tuple[str | None, tuple[Stem, ...], Owner, str], ...]:
        """What may begin with a word: what some other word must begin with, the stems that follow, the owner, the phrase."""
        return tuple(
            (_beginning(rest), rest, owner, phrase)
            for length in range(self._shortest, min(len(folded), self._longest) + 1)
            for first, rest, owner, phrase in self._by_first.get(folded[:length], ())
            if not first.whole or length == len(folded)
        )

    def _follow(self, words: Sequence[Word], position: int, rest: tuple[Stem, ...]) -> int | None:
        for stem in rest:
            for following in range(position + 1, min(position + 2 + self._gap, len(words))):
                if stem.begins(words[following].folded):
                    position = following
                    break
            else:
                return None
        return position
