"""Which words of a text say where it is, learnt from messages in which people marked them. Pure.

Each word has two scores: that the place begins with it, and that a place which has reached the word before goes on with it
(log-odds, a Markov chain of two states). The run of words that is likeliest against none at all is the place; a message has at most one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from router.words import Word

BEGINS, GOES_ON = 0, 1
LEAST_GAIN = -1.0
"""So much likelier than none at all a run has to be, as a logarithm. Found on the tuning part."""
_HOPELESS = -12.0
_LONGEST, _LONGEST_PLACE = 250, 25
_AROUND = (-3, -2, -1, 1, 2, 3)


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
        rows, starts = list[int](), list[int]()
        for features in features_of(text, words, named):
            starts.append(len(rows))
            rows.append(len(self.names))
            rows += [row for row in map(self._rows.get, features) if row is not None]
        summed = np.add.reduceat(self._padded[rows], starts, axis=0)
        scores: NDArray[np.float32] = summed * self.scale + self.bias
        return scores

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    @cached_property
    def _padded(self) -> NDArray[np.int32]:
        """With a row of zeros at the end, for words of which nothing is known."""
        nothing = np.zeros((1, self.weights.shape[1]), dtype=np.int32)
        return np.vstack([self.weights.astype(np.int32), nothing])


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
    shapes = [_shape(word.raw) for word in words]
    breaks = [_breaks(text, before, word) for before, word in zip([None, *words], words, strict=False)]
    for number, word in enumerate(words):
        found = [*_own(word.folded), f"x{shapes[number]}", f"n{number in named}", f"b{breaks[number]}"]
        if number + 1 < len(words):
            found.append(f"a{breaks[number + 1]}")
        for distance in _AROUND:
            other = number + distance
            if not 0 <= other < len(words):
                found.append(f"{distance}|")
                continue
            found.append(f"{distance}w{words[other].folded}")
            if abs(distance) < 3:
                found.append(f"{distance}s{words[other].folded[:4]}")
                found.append(f"{distance}x{shapes[other]}{other in named}")
        if number:
            found.append(f"p{words[number - 1].folded[:5]}+{word.folded[:5]}")
        yield found


@lru_cache(maxsize=32_768)
def _own(folded: str) -> tuple[str, ...]:
    return f"w{folded}", f"s{folded[:3]}", f"S{folded[:5]}", f"e{folded[-2:]}", f"E{folded[-3:]}"


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
    if "\n" in between:
        return "¶"
    return next((sign for sign in (".", "!", "?", ":", ";", ",", "(", ")", "-", "/") if sign in between), "")
