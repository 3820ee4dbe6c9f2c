"""A linear model over features of texts, and how it is asked. Pure."""

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

    def scores(self, subject: Sequence[Word], text: Sequence[Word]) -> NDArray[np.float32]:
        """A score for each label of all heads, before the heads know of each other."""
        words = considered(subject, text)
        found = {row for row in map(self._rows.get, self._finder.beyond_words(subject, words)) if row is not None}
        found.update(*map(self._rows_of, {word.folded for word in words}))
        if not found:
            return self.bias
        rows = list(found)
        length = np.sqrt(np.square(self.rarity[rows]).sum())
        scores: NDArray[np.float32] = self.weights[rows].sum(axis=0, dtype=np.int32) * (self.scale / length) + self.bias
        return scores

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    @cached_property
    def _rows_of(self) -> Callable[[str], tuple[int, ...]]:
        """The rows of a word's parts. Remembered: words recur."""

        @lru_cache(maxsize=_WORDS_REMEMBERED)
        def rows_of(word: str) -> tuple[int, ...]:
            return tuple({row for row in map(self._rows.get, parts_of(word)) if row is not None})

        return rows_of

    @cached_property
    def _finder(self) -> FeatureFinder:
        return FeatureFinder(self.lexicon)


def shares_of(scores: NDArray[np.float32], sharpness: float) -> NDArray[np.float32]:
    """Softmax over the last axis."""
    powers = np.exp(sharpness * (scores - scores.max(axis=-1, keepdims=True)))
    shares: NDArray[np.float32] = powers / powers.sum(axis=-1, keepdims=True)
    return shares
