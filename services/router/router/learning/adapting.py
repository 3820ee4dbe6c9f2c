"""A model that goes on learning from a town's own cases, from where it stands. Pure.

Passive-aggressive updates (Crammer et al., Online Passive-Aggressive Algorithms, JMLR 7, 2006, variant PA-I): a case that is
understood well enough changes nothing, any other moves the weights as little as puts it right, and never more than BOLDNESS.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from router.matter import CaseText, matter_of
from router.model.linear import LARGEST_WEIGHT, LinearModel, shares_of

BOLDNESS = 0.3
MARGIN = 0.5
"""So far apart the right answer and the next one have to be, in the model's scores before sharpening."""
ROUNDS = 3
NEW_WORD_IN = 5
"""A word that the model does not know is learnt when so many cases have it: no name of a person is in so many."""


@dataclass(frozen=True)
class Lesson:
    """A case's text and what is right about it, for each head that it can teach."""

    case: CaseText
    answers: dict[str, str]


@dataclass
class _Pupil:
    """The model with weights that can move: worth of each feature for each label, as floats."""

    model: LinearModel
    names: dict[str, int]
    rarity: NDArray[np.float64]
    worth: NDArray[np.float64]


def adapted(model: LinearModel, lessons: Sequence[Lesson]) -> LinearModel:
    """The model after the lessons, the same for the same lessons in the same order."""
    found = [_features(model, lesson.case) for lesson in lessons]
    pupil = _with_new_words(model, found)
    rows = [np.array([pupil.names[name] for name in names if name in pupil.names], dtype=np.intp) for names in found]
    for _ in range(ROUNDS):
        for lesson, own in zip(lessons, rows, strict=True):
            if len(own):
                _learn(pupil, own, lesson)
    return _packed(pupil)


def _features(model: LinearModel, case: CaseText) -> list[str]:
    matter = matter_of(case)
    return model.features(matter.subject, matter.text)


def _with_new_words(model: LinearModel, found: Sequence[Sequence[str]]) -> _Pupil:
    known = {name: number for number, name in enumerate(model.names)}
    spread = Counter(name for names in found for name in set(names) if name not in known)
    new = sorted(name for name, count in spread.items() if count >= NEW_WORD_IN)
    rarity = [math.log(1 + len(found) / spread[name]) for name in new]
    worth = model.weights.astype(np.float64) * model.scale
    return _Pupil(
        model=model,
        names=known | {name: number for number, name in enumerate(new, len(known))},
        rarity=np.concatenate([model.rarity.astype(np.float64), rarity]),
        worth=np.vstack([worth, np.zeros((len(new), worth.shape[1]))]),
    )


def _learn(pupil: _Pupil, rows: NDArray[np.intp], lesson: Lesson) -> None:
    square = np.square(pupil.rarity[rows])
    length = math.sqrt(square.sum())
    scores = pupil.worth[rows].sum(axis=0) / length + pupil.model.bias
    start = 0
    for head in pupil.model.heads:
        end = start + len(head.labels)
        own = scores[start:end]
        if start == 0:
            scores = scores + shares_of(own.astype(np.float32), head.sharpness) @ pupil.model.given
        answer = lesson.answers.get(head.name)
        if answer in head.labels:
            right = head.labels.index(answer)
            others = np.where(np.arange(len(own)) == right, -np.inf, scores[start:end])
            rival = int(others.argmax())
            loss = MARGIN - (scores[start + right] - others[rival])
            if loss > 0:
                step = min(BOLDNESS, loss / 2) * square / length
                np.add.at(pupil.worth[:, start + right], rows, step)
                np.add.at(pupil.worth[:, start + rival], rows, -step)
        start = end


def _packed(pupil: _Pupil) -> LinearModel:
    scale = np.maximum(np.abs(pupil.worth).max(axis=0) / LARGEST_WEIGHT, 1e-12)
    return replace(
        pupil.model,
        names=tuple(pupil.names),
        rarity=pupil.rarity.astype(np.float32),
        weights=np.round(pupil.worth / scale).astype(np.int8),
        scale=scale.astype(np.float32),
    )
