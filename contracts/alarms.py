"""Topic `alarms`: something that an operator has to see to, as counts and codes; nothing of anybody's matter."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.envelope import EventData
from contracts.types import Code, Instant, Model

Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="A day in UTC, 2026-11-26.")]


class AlarmKind(StrEnum):
    """What is wrong. A new one needs its words in notifier first, then its writer."""

    ORIGINALS_WITHOUT_OUTCOME = "originals-without-outcome"
    DEAD_LETTERS = "dead-letters"


class AlarmItem(Model):
    """One line of what is wrong."""

    what: Code
    """A channel, or a topic of dead letters."""
    day: Day | None = None
    count: Annotated[int, Field(ge=1)]


class AlarmData(EventData):
    """Base. One alarm, from its raising to its end, is one subject; `number` counts what was told of it, from 1."""

    kind: AlarmKind
    raised_at: Instant
    number: Annotated[int, Field(ge=1)]
    items: list[AlarmItem] = []


class AlarmRaised(AlarmData):
    """It has begun."""

    event_type: ClassVar[str] = "alarm.raised"


class AlarmRepeated(AlarmData):
    """It has lasted for another day."""

    event_type: ClassVar[str] = "alarm.repeated"


class AlarmEnded(AlarmData):
    """What was wrong is right again. The items are those that were told last."""

    event_type: ClassVar[str] = "alarm.ended"
