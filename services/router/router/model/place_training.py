"""Trains which words say where it is: two logistic regressions over single words (scikit-learn). Deterministic."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from router.places.wording import PlaceWords, features_of
from router.words import Word, words_of

_IN_AT_LEAST = 3
_STRENGTH, _ROUNDS = 1.0, 150
_LARGEST_WEIGHT = 127

Named = Callable[[Sequence[Word]], frozenset[int]]
"""Which words the gazetteer knows."""


@dataclass(frozen=True)
class MarkedText:
    """A text, and the signs of it that say where: beginning and end; None where nothing does."""

    text: str
    place: tuple[int, int] | None


def train_places(texts: Sequence[MarkedText], named: Named) -> PlaceWords:
    """Learns from marked texts."""
    # A service has no scipy: only who trains needs it.
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    found, begins, goes_on = list[list[str]](), dict[int, bool](), dict[int, bool]()
    for marked in texts:
        words = words_of(marked.text)
        for number, (before, inside) in enumerate(_inside(words, marked.place), len(found)):
            # Where a place has ended, another may begin that nobody marked: that teaches nothing.
            if before is not None:
                (goes_on if before else begins)[number] = inside
        found += features_of(marked.text, words, named(words))
    spread = Counter(name for features in found for name in features)
    names = tuple(sorted(name for name, count in spread.items() if count >= _IN_AT_LEAST))
    known = {name: number for number, name in enumerate(names)}
    columns, starts = list[int](), [0]
    for features in found:
        columns += [known[name] for name in features if name in known]
        starts.append(len(columns))
    table = csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(found), len(names)))
    learners = [
        LogisticRegression(C=_STRENGTH, max_iter=_ROUNDS).fit(table[list(answers)], list(answers.values()))
        for answers in (begins, goes_on)
    ]
    weights = np.vstack([learner.coef_ for learner in learners]).T
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / _LARGEST_WEIGHT
    bias = np.concatenate([learner.intercept_ for learner in learners]).astype(np.float32)
    return PlaceWords(names, np.round(weights / scale).astype(np.int8), scale.astype(np.float32), bias)


def _inside(words: Sequence[Word], place: tuple[int, int] | None) -> Iterator[tuple[bool | None, bool]]:
    """For each word whether the one before is of the place, and whether it is itself; before: None after the place's end."""
    before: bool | None = False
    for word in words:
        inside = place is not None and place[0] <= word.end - len(word.raw) < place[1]
        yield before, inside
        before = True if inside else None if before or before is None else False
