"""The words of a message, and phrases that are looked for among them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from packs.folding import fold
from packs.phrases import Stem, stems

_RAW_WORD = re.compile(r"[^\W_]+")
_LARGEST_GAP = 2

Owner = TypeVar("Owner")


@dataclass(frozen=True)
class Word:
    """One word: as written, folded, and where it ends in the text."""

    raw: str
    folded: str
    end: int


def words_of(text: str) -> list[Word]:
    """All words of a text in order."""
    return [Word(found[0], fold(found[0]), found.end()) for found in _RAW_WORD.finditer(text)]


@dataclass(frozen=True)
class Found(Generic[Owner]):
    """A phrase that was found: whose it is, and the first and last word."""

    owner: Owner
    phrase: str
    first: int
    last: int


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

    def find(self, words: Sequence[Word]) -> list[Found[Owner]]:
        """Every phrase at each place where it begins."""
        found = []
        for position, word in enumerate(words):
            folded = word.folded
            for length in range(self._shortest, min(len(folded), self._longest) + 1):
                for first, rest, owner, phrase in self._by_first.get(folded[:length], ()):
                    if first.whole and length != len(folded):
                        continue
                    last = self._follow(words, position, rest)
                    if last is not None:
                        found.append(Found(owner, phrase, position, last))
        return found

    def _follow(self, words: Sequence[Word], position: int, rest: tuple[Stem, ...]) -> int | None:
        for stem in rest:
            for following in range(position + 1, min(position + 2 + self._gap, len(words))):
                if stem.begins(words[following].folded):
                    position = following
                    break
            else:
                return None
        return position
