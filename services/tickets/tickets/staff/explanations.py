"""What the API says of why a ticket is what it is."""

from contracts.types import Code
from tickets.staff.models import CategoryOut, Incoming, Outgoing


class WhyNotQuery(Incoming):
    """A category that one would have expected."""

    why_not: Code | None = None


class ReasonOut(Outgoing):
    """A reason's code, and what it says to a clerk."""

    code: Code
    text: str | None


class WhyNotOut(Outgoing):
    """A category that was not chosen. `told_apart_by`: the rules by which people tell the two apart."""

    category: CategoryOut
    probability: float
    chosen_probability: float | None
    told_apart_by: list[str]


class ExplanationOut(Outgoing):
    """Why the case is what it is. `decided`: whether the router was sure; null where it never said anything."""

    category: CategoryOut | None
    decided: bool | None
    probability: float | None
    """Of the category that the case has now."""
    reasons: list[ReasonOut]
    why_not: WhyNotOut | None
