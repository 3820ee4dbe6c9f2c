"""How sharply a model's scores become probabilities: found on messages that it has not seen."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from router.matter import matter_of
from router.model.linear import Head, LinearModel, shares_of
from router.model.training import Example

_SHARPNESSES = [round(0.5 * 1.06**step, 3) for step in range(70)]


def calibrated(model: LinearModel, unseen: Sequence[Example]) -> LinearModel:
    """The model with those sharpnesses under which the right answers are likeliest, head by head."""
    matters = [matter_of(example.case) for example in unseen]
    scores = np.array([model.scores(matter.subject, matter.text) for matter in matters])
    heads, start = list[Head](), 0
    for head in model.heads:
        own = scores[:, start : start + len(head.labels)]
        answers = [example.answers[head.name] for example in unseen]
        sharpness = _likeliest(own, head.labels, answers)
        if not heads:
            scores = scores + shares_of(own, sharpness) @ model.given
        heads.append(replace(head, sharpness=sharpness))
        start += len(head.labels)
    return replace(model, heads=tuple(heads))


def settled(model: LinearModel, tried: LinearModel) -> LinearModel:
    """The model with the sharpness of one that was tried on messages it had not seen."""
    sharpness = {head.name: head.sharpness for head in tried.heads}
    return replace(model, heads=tuple(replace(head, sharpness=sharpness[head.name]) for head in model.heads))


def _likeliest(scores: NDArray[np.float32], labels: Sequence[str], answers: Sequence[str]) -> float:
    numbers = {label: number for number, label in enumerate(labels)}
    rows = [row for row, answer in enumerate(answers) if answer in numbers]
    right = [numbers[answers[row]] for row in rows]

    def surprise(sharpness: float) -> float:
        shares = shares_of(scores[rows], sharpness)[range(len(rows)), right]
        return float(-np.log(np.maximum(shares, 1e-9)).mean())

    return min(_SHARPNESSES, key=surprise)
