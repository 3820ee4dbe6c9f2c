"""From a town's settled cases to a candidate and what is to be said of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from packs import Pack
from router.decision import Router
from router.learning import shadow
from router.learning.adapting import Lesson, adapted
from router.learning.history import SettledCase
from router.learning.masking import masked
from router.learning.shadow import Tried
from router.learning.trust import Teaching, teaching
from router.model.linear import BODY, CATEGORY, KIND, NO_BODY
from router.model.stored import Model

_LEARNT_SHARE = 0.7
"""In the shadow the older part is learnt from and the newer one asked: as it will be when the candidate holds."""
LEAST_CASES = 20


@dataclass(frozen=True)
class Candidate:
    """A model that could hold, and the report on it."""

    model: Model
    report: tuple[str, ...]


def candidate_of(model: Model, pack: Pack, cases: Sequence[SettledCase]) -> Candidate | None:
    """A model that has learnt from all that may teach; tried before on the newest part of it. None where there are too few cases."""
    known = {category.slug for category in pack.categories}
    taught = teaching(one for one in cases if one.category in known)
    if len(taught.cases) < LEAST_CASES:
        return None
    older = taught.cases[: int(len(taught.cases) * _LEARNT_SHARE)]
    newer = taught.cases[len(older) :]
    before, after = Router(pack, model), Router(pack, _learnt(model, pack, older))
    tried = [Tried(one.category, before.decide(one.case).category, after.decide(one.case).category) for one in newer]
    report = (*_about(taught), *shadow.told(tried))
    return Candidate(_learnt(model, pack, taught.cases), report)


def _learnt(model: Model, pack: Pack, cases: Sequence[SettledCase]) -> Model:
    return replace(model, answers=adapted(model.answers, [_lesson(one, pack) for one in cases]), hash="")


def _lesson(one: SettledCase, pack: Pack) -> Lesson:
    answers = {CATEGORY: one.category, KIND: one.kind.value}
    types = {body.slug: body.type for body in pack.bodies}
    if one.body in types:
        answers[BODY] = types[one.body]
    elif not one.refused and pack.category(one.category).body_type is None:
        answers[BODY] = NO_BODY
    case = replace(one.case, subject=masked(one.case.subject), text=masked(one.case.text))
    return Lesson(case, answers)


def _about(taught: Teaching) -> list[str]:
    corrected = sum(one.corrected for one in taught.cases)
    lines = [f"learns from {len(taught.cases)} cases, of them {corrected} corrected by people"]
    lines += [f"  waits for a second person: {way} ({count})" for way, count in taught.waiting]
    return lines
