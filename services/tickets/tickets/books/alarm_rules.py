"""Alarms: one word when something goes wrong, one a day while it lasts, one when it is right again. Pure.

What is to be told is stored before it is told, with the ids that follow from it: neither a restart nor a second worker doubles it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts import identity
from contracts.alarms import AlarmData, AlarmEnded, AlarmItem, AlarmKind, AlarmRaised, AlarmRepeated
from contracts.envelope import Event, new_event
from contracts.types import Confidentiality, Instant, Model

REMINDED_EVERY = timedelta(days=1)
CALM_LOOKS = 5
"""So many looks without it, and an alarm is over: what comes and goes every minute is one alarm and not a storm of mails."""
SOURCE = "/tickets"


class News(StrEnum):
    """What is still to be told."""

    RAISED = "raised"
    REPEATED = "repeated"
    ENDED = "ended"


_EVENTS: dict[News, type[AlarmData]] = {
    News.RAISED: AlarmRaised,
    News.REPEATED: AlarmRepeated,
    News.ENDED: AlarmEnded,
}


class Alarm(Model):
    """The latest alarm of one kind in one town."""

    kind: AlarmKind
    municipality: str
    raised_at: Instant
    told_at: Instant
    number: int = 1
    """How much was told of it."""
    items: list[AlarmItem]
    calm_since: Instant | None = None
    over: bool = False
    news: News | None = None

    @property
    def id(self) -> UUID:
        """The same for all that is told of this one alarm."""
        return identity.alarm_id(self.municipality, self.kind, self.raised_at)


def followed(
    alarm: Alarm | None, kind: AlarmKind, municipality: str, items: Sequence[AlarmItem], now: datetime, calm: timedelta
) -> Alarm | None:
    """The alarm after a look that found `items`; None where nothing changes."""
    if alarm is None or alarm.over:
        return _raised(kind, municipality, items, now) if items else None
    if items:
        return _lasting(alarm, items, now)
    if alarm.calm_since is None:
        return alarm.model_copy(update={"calm_since": now})
    if now - alarm.calm_since < calm:
        return None
    return alarm.model_copy(update={"over": True, **_told(alarm, News.ENDED, now)})


def _raised(kind: AlarmKind, municipality: str, items: Sequence[AlarmItem], now: datetime) -> Alarm:
    return Alarm(kind=kind, municipality=municipality, raised_at=now, told_at=now, items=list(items), news=News.RAISED)


def _lasting(alarm: Alarm, items: Sequence[AlarmItem], now: datetime) -> Alarm | None:
    if now - alarm.told_at >= REMINDED_EVERY:
        told = {"items": list(items), "calm_since": None, **_told(alarm, News.REPEATED, now)}
        return alarm.model_copy(update=told)
    return None if alarm.calm_since is None else alarm.model_copy(update={"calm_since": None})


def _told(alarm: Alarm, news: News, now: datetime) -> dict[str, Any]:
    return {"news": news, "told_at": now, "number": alarm.number + 1}


def event_of(alarm: Alarm) -> Event[Any]:
    """The event that tells the alarm's news, the same each time."""
    if alarm.news is None:
        raise ValueError("there is no news of this alarm")
    data = _EVENTS[alarm.news](kind=alarm.kind, raised_at=alarm.raised_at, number=alarm.number, items=alarm.items)
    return new_event(
        data,
        id=identity.event_id(alarm.id, str(alarm.number)),
        source=SOURCE,
        time=alarm.told_at,
        subject=alarm.id,
        municipality=alarm.municipality,
        confidentiality=Confidentiality.OPEN,
    )
