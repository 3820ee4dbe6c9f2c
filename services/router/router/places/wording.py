"""Which words of a text say where it is, learnt from messages in which people marked them. Pure.

Each word has two scores: that the place begins with it, and that a place which has reached the word before goes on with it
(log-odds, a Markov chain of two states). The run of words that is likeliest against none at all is the place; a message has at most one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.words import Word

BEGINS, GOES_ON = 0, 1
LEAST_GAIN = -1.5
"""So much likelier than none at all a run has to be, as a logarithm. Found on the tuning part."""
_HOPELESS = -12.0
_LONGEST, _LONGEST_PLACE = 250, 25
_DISTANCES = (0, -3, -2, -1, 1, 2, 3)
_WORDS_REMEMBERED = 32_768


class Seen(NamedTuple):
    """What is seen of a word: folded, its shape, and whether the gazetteer knows it."""

    folded: str
    shape: str
    named: bool


@dataclass(frozen=True)
class PlaceWords:
    """Weights: a row per feature, a column each for BEGINS and GOES_ON; one byte each, times `scale`."""

    names: tuple[str, ...]
    weights: NDArray[np.int8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]

    def find(self, text: str, words: Sequence[Word], named: frozenset[int]) -> tuple[int, int] | None:
        """First and last word of the place; None where nothing says where. `named`: words that the gazetteer knows."""
        if not words:
            return None
        return best_run(self._scores(text, words[:_LONGEST], named))

    def _scores(self, text: str, words: Sequence[Word], named: frozenset[int]) -> NDArray[np.float32]:
        seen = [Seen(word.folded, _shape(word.raw), number in named) for number, word in enumerate(words)]
        said = np.array([self._says(one) for one in seen])
        count, far = len(words), max(_DISTANCES)
        # Wide enough for what words say to places before and behind the text, where nobody hears it.
        sums = np.zeros((count + 2 * far, 2), dtype=np.int32)
        sums[far : far + count] = [self._sum(names) for names in _between(text, words)]
        for place, distance in enumerate(_DISTANCES):
            sums[far - distance : far - distance + count] += said[:, place]
        scores: NDArray[np.float32] = sums[far : far + count] * self.scale + self.bias
        return scores

    def _sum(self, names: Iterable[str]) -> tuple[int, int]:
        begins, goes_on = 0, 0
        for name in names:
            if (found := self._by_name.get(name)) is not None:
                begins += found[BEGINS]
                goes_on += found[GOES_ON]
        return begins, goes_on

    @cached_property
    def _says(self) -> Callable[[Seen], NDArray[np.int32]]:
        """What a word adds to the scores of the words that see it from each of the distances. Remembered: words recur."""

        @lru_cache(maxsize=_WORDS_REMEMBERED)
        def says(seen: Seen) -> NDArray[np.int32]:
            return np.array([self._sum(_seen_from(distance, seen)) for distance in _DISTANCES], dtype=np.int32)

        return says

    @cached_property
    def _by_name(self) -> dict[str, tuple[int, int]]:
        rows = self.weights.tolist()
        return {name: (row[BEGINS], row[GOES_ON]) for name, row in zip(self.names, rows, strict=True)}


def best_run(scores: NDArray[np.float32]) -> tuple[int, int] | None:
    """The likeliest run of words; None where none at all is likelier. `scores`: a row a word, log-odds of BEGINS and GOES_ON."""
    begins = scores[:, BEGINS].tolist()
    no_beginning = (-np.logaddexp(0.0, scores[:, BEGINS])).tolist()
    goes_on = (-np.logaddexp(0.0, -scores[:, GOES_ON])).tolist()
    ends = [*(-np.logaddexp(0.0, scores[:, GOES_ON]))[1:].tolist(), 0.0]
    best, found = LEAST_GAIN, None
    for first, gain in enumerate(begins):
        for last in range(first, min(first + _LONGEST_PLACE, len(begins))):
            if last > first:
                gain += goes_on[last] - no_beginning[last]
            if gain + ends[last] > best:
                best, found = gain + ends[last], (first, last)
            if gain < _HOPELESS:
                break
    return found


def features_of(text: str, words: Sequence[Word], named: frozenset[int]) -> Iterator[list[str]]:
    """For each word what speaks for or against its being of the place."""
    seen = [Seen(word.folded, _shape(word.raw), number in named) for number, word in enumerate(words)]
    for number, names in enumerate(_between(text, words)):
        near = ((distance, number + distance) for distance in _DISTANCES)
        yield [
            *names,
            *(
                name
                for distance, other in near
                if 0 <= other < len(words)
                for name in _seen_from(distance, seen[other])
            ),
        ]


def _seen_from(distance: int, seen: Seen) -> Iterator[str]:
    """What a word says to the one that sees it `distance` words after itself; 0: to itself."""
    folded, shape, named = seen
    if distance == 0:
        yield from (f"w{folded}", f"s{folded[:3]}", f"S{folded[:5]}", f"e{folded[-2:]}", f"E{folded[-3:]}")
        yield from (f"x{shape}", f"n{named}")
        return
    yield f"{distance}w{folded}"
    if abs(distance) < 3:
        yield f"{distance}s{folded[:4]}"
        yield f"{distance}x{shape}{named}"


def _between(text: str, words: Sequence[Word]) -> Iterator[list[str]]:
    """What stands before and after each word, how near the text's ends are, and the pair with the word before."""
    breaks = [_breaks(text, before, word) for before, word in zip([None, *words], words, strict=False)]
    for number, word in enumerate(words):
        names = [f"b{breaks[number]}"]
        if number + 1 < len(words):
            names.append(f"a{breaks[number + 1]}")
        if number:
            names.append(f"p{words[number - 1].folded[:5]}+{word.folded[:5]}")
        if number < 3 or number + 3 >= len(words):
            names += [f"{distance}|" for distance in _DISTANCES if not 0 <= number + distance < len(words)]
        yield names


def _shape(raw: str) -> str:
    if raw.isdigit():
        return f"9{min(len(raw), 4)}"
    if raw[0].isdigit():
        return "9a"
    return "A" if raw.isupper() and len(raw) > 1 else "Aa" if raw[0].isupper() else "a"


def _breaks(text: str, before: Word | None, word: Word) -> str:
    """What stands between two words: the strongest sign of it, `¶` for the end of a line."""
    if before is None:
        return "|"
    between = text[before.end : word.end - len(word.raw)]
    if between == " ":
        return ""
    if "\n" in between:
        return "¶"
    return next((sign for sign in (".", "!", "?", ":", ";", ",", "(", ")", "-", "/") if sign in between), "")
