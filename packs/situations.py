"""The life situations of a town: what reports are about, and what follows from it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.tickets import TicketState
from contracts.types import Confidentiality, Kind, Priority
from packs.base import Line, Model, Paragraph, Slug
from packs.rules import Phrase


class Area(Model):
    """The upper level of what reports are about."""

    slug: Slug
    name: Line
    name_en: Line


class KindOfMessage(Model):
    """What sort of message it is, beside what it is about."""

    slug: Kind
    name: Line
    definition: Paragraph
    definition_en: Paragraph


class PriorityLevel(Model):
    """How soon somebody has to act."""

    slug: Priority
    name: Line
    name_en: Line


class StateOfTicket(Model):
    """What a state is called, and what the reporter is told of it."""

    slug: TicketState
    name: Line
    sentence: Paragraph | None = None
    """Told to the reporter when the case comes here; none: nobody is told."""


class DeadlineUnit(StrEnum):
    """How a term is counted: hours on the clock, working days, or calendar days by § 40 of the administrative code."""

    HOURS = "hours"
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"


class Term(Model):
    """A promise of time. Ours, unless `law` names the rule it comes from."""

    value: Annotated[int, Field(ge=0)]
    unit: DeadlineUnit
    law: Line | None = None


class Category(Model):
    """The lower level: a life situation of a town, with all that follows from it."""

    slug: Slug
    area: Slug
    name: Line
    name_en: Line
    kind: Kind
    priority: Priority
    confidentiality: Confidentiality
    role: Slug
    """Who in the town solves it, or answers for it where a body outside solves it."""
    body_type: Slug | None = None
    """Who outside the town is competent when the words say nothing else."""
    competence: Paragraph | None = None
    """Whose matter it is and where the borders are, for people."""
    needs_place: bool = True
    """Whether one has to know where it is."""
    deadline: Term
    questions: list[Line]
    """Asked of the reporter with the acknowledgement."""
    answer: Paragraph | None = None
    """The category's own sentences in the acknowledgement. None: no answer is sent."""
    stems: list[Phrase]
    """Beginnings of words that speak for it; see `Phrase` of the rules."""
    examples: list[Line]


class BoundaryRule(Model):
    """How people tell neighbouring categories apart; for dispatchers and for those who judge the router."""

    slug: Slug
    rule: Paragraph
