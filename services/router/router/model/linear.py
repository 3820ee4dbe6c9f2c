"""A linear model over features of texts, and how it is asked. Pure."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from router.model.features import FeatureFinder, considered, parts_of
from router.words import Word

CATEGORY, KIND, URGENT, BODY = "category", "kind", "urgent", "body"
"""The questions."""
IS_URGENT, IS_NOT_URGENT = "1", "0"
NO_BODY = "-"
"""The answer that no outside body solves it."""
LARGEST_WEIGHT = 127
"""Of one byte."""
_WORDS_REMEMBERED = 16_384


@dataclass(frozen=True)
class Head:
    """One question that the model answers: its name, the answers, and how sharply scores become probabilities."""

    name: str
    labels: tuple[str, ...]
    sharpness: float = 1.0


@dataclass(frozen=True)
class LinearModel:
    """One table of weights for all heads: a row per feature, a column per label."""

    heads: tuple[Head, ...]
    lexicon: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    rarity: NDArray[np.float32]
    weights: NDArray[np.int8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    given: NDArray[np.float32]
    """What each answer of the first head adds to the scores: a row per label of it, a column per label of all heads."""

    def probabilities(self, subject: Sequence[Word], text: Sequence[Word]) -> dict[str, dict[str, float]]:
        """For each head its labels with probabilities that sum to 1; heads by name. The others know the first one's answer."""
        scores = self.scores(subject, text)
        answers, start = {}, 0
        for head in self.heads:
            end = start + len(head.labels)
            shares = shares_of(scores[start:end], head.sharpness)
            if start == 0:
                scores = scores + shares @ self.given
            answers[head.name] = dict(zip(head.labels, shares.tolist(), strict=True))
            start = end
        return answers

    def category_of(self, text: Sequence[Word]) -> dict[str, float]:
        """The first head's labels with their probabilities, for a text without a subject."""
        first = self.heads[0]
        shares = shares_of(self.scores((), text)[: len(first.labels)], first.sharpness)
        return dict(zip(first.labels, shares.tolist(), strict=True))

    def labels(self, head: str) -> tuple[str, ...]:
        """The answers that a head may give; none where there is no such head."""
        return next((one.labels for one in self.heads if one.name == head), ())

    def features(self, subject: Sequence[Word], text: Sequence[Word]) -> list[str]:
        """The features of a message, known to the model or not."""
        return self._finder.features(subject, text)

    def scores(self, subject: Sequence[Word], text: Sequence[Word]) -> NDArray[np.float32]:
        """A score for each label of all heads, before the heads know of each other."""
        words = considered(subject, text)
        beyond = {row for row in map(self._rows.get, self._finder.beyond_words(subject, words)) if row is not None}
        sums = [self._sum(list(beyond)), *map(self._of_word, {word.folded for word in words})]
        square = sum(square for _, square in sums)
        if not square:
            return self.bias
        weights = np.add.reduce([weights for weights, _ in sums])
        scores: NDArray[np.float32] = weights * (self.scale / np.float32(math.sqrt(square))) + self.bias
        return scores

    def _sum(self, rows: Sequence[int]) -> tuple[NDArray[np.int32], float]:
        """Weights of features, and their squared length."""
        return self.weights[rows].sum(axis=0, dtype=np.int32), float(np.square(self.rarity[rows]).sum())

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    @cached_property
    def _of_word(self) -> Callable[[str], tuple[NDArray[np.int32], float]]:
        """What the parts of a word add. Remembered: words recur."""

        @lru_cache(maxsize=_WORDS_REMEMBERED)
        def of_word(word: str) -> tuple[NDArray[np.int32], float]:
            return self._sum([row for row in map(self._rows.get, parts_of(word)) if row is not None])

        return of_word

    @cached_property
    def _finder(self) -> FeatureFinder:
        return FeatureFinder(self.lexicon)


def shares_of(scores: NDArray[np.float32], sharpness: float) -> NDArray[np.float32]:
    """Softmax over the last axis."""
    powers = np.exp(sharpness * (scores - scores.max(axis=-1, keepdims=True)))
    shares: NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
    return shares
