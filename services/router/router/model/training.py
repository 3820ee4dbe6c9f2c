"""Trains a model: linear support vector machines on rarity-weighted features of length 1 (scikit-learn). Deterministic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from router.matter import CaseText, matter_of
from router.model.features import FeatureFinder, is_lexicon
from router.model.linear import BODY, CATEGORY, KIND, LARGEST_WEIGHT, URGENT, Head, LinearModel

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_IN_AT_LEAST = 2
_ROUNDS, _SEED = 5000, 0
_LEXICON_COUNTS = 2.0
_FEATURES = 60_000
_STRENGTH = {CATEGORY: 1.0, KIND: 1.0, URGENT: 0.3, BODY: 1.0}
_GIVEN = 0.5
"""How much the category weighs against the whole text (whose features have length 1) for the other heads."""


@dataclass(frozen=True)
class Example:
    """A message and what is right about it: an answer for each head that it can teach."""

    case: CaseText
    answers: dict[str, str]


def train(examples: Sequence[Example], lexicon: Sequence[tuple[str, str]]) -> LinearModel:
    """A model with a head for each question; every example answers the first, CATEGORY."""
    # A service has no scipy: only who trains needs it.
    from scipy.sparse import csr_matrix, hstack

    finder = FeatureFinder(lexicon)
    found = [features_of(finder, example.case) for example in examples]
    names, rarity = _vocabulary(found)
    table = _table(found, names, rarity)
    first = _learnt(table, [example.answers[CATEGORY] for example in examples], _STRENGTH[CATEGORY])
    learnt = {CATEGORY: first}
    numbers = {label: number for number, label in enumerate(first.labels)}
    known = csr_matrix(
        (
            [_GIVEN] * len(examples),
            [numbers[example.answers[CATEGORY]] for example in examples],
            range(len(examples) + 1),
        ),
        shape=(len(examples), len(numbers)),
    )
    both = hstack([table, known], format="csr")
    for question in sorted({question for example in examples for question in example.answers} - {CATEGORY}):
        rows = [number for number, example in enumerate(examples) if question in example.answers]
        answers = [examples[number].answers[question] for number in rows]
        learnt[question] = _learnt(both[rows], answers, _STRENGTH[question])
    return _packed(learnt, tuple(lexicon), names, rarity)


def features_of(finder: FeatureFinder, case: CaseText) -> list[str]:
    """The features of a case, as the service finds them."""
    matter = matter_of(case)
    return finder.features(matter.subject, matter.text)


def _vocabulary(found: Sequence[Sequence[str]]) -> tuple[list[str], NDArray[np.float32]]:
    spread = Counter(name for names in found for name in set(names))
    kept = sorted(name for name, count in spread.items() if count >= _IN_AT_LEAST)
    worth = [np.log(1 + len(found) / spread[name]) * (_LEXICON_COUNTS if is_lexicon(name) else 1) for name in kept]
    return kept, np.array(worth, dtype=np.float32)


def _table(found: Sequence[Iterable[str]], names: Sequence[str], rarity: NDArray[np.float32]) -> csr_matrix:
    from scipy.sparse import csr_matrix

    known = {name: number for number, name in enumerate(names)}
    starts, columns, values = [0], list[int](), list[float]()
    for features in found:
        rows = [known[name] for name in features if name in known]
        worth = rarity[rows]
        values += (worth / (np.sqrt(np.square(worth).sum()) or 1.0)).tolist()
        columns += rows
        starts.append(len(columns))
    table = csr_matrix((values, columns, starts), shape=(len(found), len(names)), dtype=np.float64)
    table.sum_duplicates()
    return table


@dataclass(frozen=True)
class _Learnt:
    """A head's labels, weights (a row per feature, then per category that is given) and bias."""

    labels: tuple[str, ...]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]


def _learnt(table: csr_matrix, answers: Sequence[str], strength: float) -> _Learnt:
    from sklearn.svm import LinearSVC

    learner = LinearSVC(C=strength, max_iter=_ROUNDS, random_state=_SEED).fit(table, answers)
    labels = tuple(str(label) for label in learner.classes_)
    weights, bias = learner.coef_.T, learner.intercept_
    if len(labels) == 2:
        weights, bias = np.hstack([-weights / 2, weights / 2]), np.hstack([-bias / 2, bias / 2])
    return _Learnt(labels, weights, bias)


def _packed(
    learnt: dict[str, _Learnt], lexicon: tuple[tuple[str, str], ...], names: Sequence[str], rarity: NDArray[np.float32]
) -> LinearModel:
    """The features that say most, their weights in one byte each."""
    weights = np.hstack([head.weights[: len(names)] for head in learnt.values()])
    categories = len(learnt[CATEGORY].labels)
    given = [head.weights[len(names) :] * _GIVEN for question, head in learnt.items() if question != CATEGORY]
    worth = weights * rarity[:, None]
    most = np.sort(np.argsort(-np.abs(worth).max(axis=1), kind="stable")[:_FEATURES])
    worth = worth[most]
    scale = np.abs(worth).max(axis=0) / LARGEST_WEIGHT
    scale[scale == 0] = 1.0
    return LinearModel(
        heads=tuple(Head(question, head.labels) for question, head in learnt.items()),
        lexicon=lexicon,
        names=tuple(names[number] for number in most),
        rarity=rarity[most],
        weights=np.round(worth / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        bias=np.concatenate([head.bias for head in learnt.values()]).astype(np.float32),
        given=np.hstack([np.zeros((categories, categories)), *given]).astype(np.float32),
    )
