"""Why a case is what it is, and why it is not something else: in words that a clerk understands. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packs import Pack

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Reason:
    """A reason's code, and what it says; None where the pack that holds now does not know it any more."""

    code: str
    text: str | None


@dataclass(frozen=True)
class Comparison:
    """How probable two categories were, and the rules by which people tell them apart."""

    probability: float
    """0 where it was not even among the candidates."""
    chosen_probability: float | None
    """None where nobody asked the router, or a person chose another one since."""
    told_apart_by: tuple[str, ...]


def reasons(decision: Mapping[str, Any], pack: Pack | None) -> list[Reason]:
    """The reasons of a stored decision, in their order."""
    return [Reason(code, pack.reason(code) if pack is not None else None) for code in decision.get("reasons", ())]


def compared(decision: Mapping[str, Any], chosen: str | None, other: str, pack: Pack) -> Comparison:
    """Why not `other`. Raises KeyError where the pack has no such category."""
    pack.category(other)
    shares = {one["category"]: float(one["probability"]) for one in decision.get("candidates", ())}
    return Comparison(
        probability=shares.get(other, 0.0),
        chosen_probability=shares.get(chosen) if chosen is not None else None,
        told_apart_by=tuple(_told_apart(pack, chosen, other)),
    )


def _told_apart(pack: Pack, chosen: str | None, other: str) -> Iterator[str]:
    """The boundary rules that name both; where there is none, those that name the other one."""
    named: Sequence[tuple[str, frozenset[str]]] = [
        (rule.rule, frozenset(_SLUG.findall(rule.rule))) for rule in pack.boundary_rules
    ]
    both = [text for text, slugs in named if {chosen, other} <= slugs]
    yield from both or (text for text, slugs in named if other in slugs)
