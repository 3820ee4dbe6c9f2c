"""When something is due, in the town's calendar.

Sources: public holidays by act 245/2000 Sb.; terms in calendar days by § 40 of act 500/2004 Sb. (the day of the event is not
counted; an end on a Saturday, Sunday or holiday moves to the next working day). Working days are the town's own promise:
what comes on a day off or after the office's cut-off counts as received on the next working day, so that who writes later is
never promised an earlier day.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from contracts.tickets import Deadline, DeadlineState
from packs.office import Calendar
from packs.situations import DeadlineUnit, Term
from tickets.cases.case import Promise

PRAGUE = ZoneInfo("Europe/Prague")
LEGAL_MAXIMUM = "legal-maximum"
_LAST_MOMENT = time(23, 59, 59)
_DAY = timedelta(days=1)


@lru_cache(maxsize=64)
def public_holidays(year: int) -> frozenset[date]:
    """The days off by act 245/2000 Sb."""
    return frozenset(holidays.country_holidays("CZ", years=year))


def is_working_day(day: date, calendar: Calendar | None = None) -> bool:
    """Monday to Friday, no public holiday, and the office is open."""
    if day.weekday() >= 5 or day in public_holidays(day.year):
        return False
    return calendar is None or all(closed.day != day for closed in calendar.closing_days)


def next_working_day(day: date, calendar: Calendar | None = None) -> date:
    """The day itself, or the first working day after it."""
    while not is_working_day(day, calendar):
        day += _DAY
    return day


def due(received: datetime, term: Term, calendar: Calendar) -> datetime:
    """When a term that begins with `received` ends; terms in days end with the day, in Prague's time."""
    local = received.astimezone(PRAGUE)
    if term.unit == DeadlineUnit.HOURS:
        return received + timedelta(hours=term.value)
    if term.unit == DeadlineUnit.CALENDAR_DAYS:
        # The law knows no closing days of one office.
        return _end_of(next_working_day(local.date() + timedelta(days=term.value)))
    day = _counts_as_received(local, calendar)
    for _ in range(term.value):
        day = next_working_day(day + _DAY, calendar)
    return _end_of(day)


def solution(received: datetime, term: Term | None, why: str, calendar: Calendar) -> Promise:
    """The day by which a case is solved: the category's term, never later than the law allows for any matter."""
    latest = due(received, calendar.legal_maximum, calendar)
    if term is not None and (own := due(received, term, calendar)) <= latest:
        return Promise(due=own, whole_days=term.unit != DeadlineUnit.HOURS, why=why)
    return Promise(due=latest, whole_days=True, why=LEGAL_MAXIMUM)


def postponed(promise: Promise, by: timedelta, calendar: Calendar) -> datetime:
    """When it is due after all waiting: later by that, a term in days on a working day. Computed from the promise each time, so that
    many short waits are no longer than one long one."""
    if not by:
        return promise.due
    later = (promise.due + by).astimezone(PRAGUE)
    if not promise.whole_days:
        return later.astimezone(UTC)
    # The law knows no closing days of one office.
    open_days = calendar if promise.why != LEGAL_MAXIMUM else None
    return _end_of(next_working_day(later.date(), open_days))


def paused(deadlines: list[Deadline], now: datetime) -> list[Deadline]:
    """The clock stands from now on."""
    return [
        deadline.model_copy(update={"state": DeadlineState.PAUSED, "paused_since": now})
        if deadline.state == DeadlineState.RUNNING
        else deadline
        for deadline in deadlines
    ]


def running(deadlines: list[Deadline], due: datetime) -> list[Deadline]:
    """The clock goes on, to another day; what was met is due again."""
    going = {"state": DeadlineState.RUNNING, "paused_since": None, "due": due}
    return [deadline.model_copy(update=going) for deadline in deadlines]


def stood(deadlines: list[Deadline], now: datetime) -> timedelta:
    """How long the clock has stood by now, if it stands."""
    since = (deadline.paused_since for deadline in deadlines if deadline.state == DeadlineState.PAUSED)
    return max((now - moment for moment in since if moment is not None and moment < now), default=timedelta())


def met(deadlines: list[Deadline]) -> list[Deadline]:
    """Nothing is due any more."""
    return [deadline.model_copy(update={"state": DeadlineState.MET, "paused_since": None}) for deadline in deadlines]


def _counts_as_received(local: datetime, calendar: Calendar) -> date:
    too_late = calendar.intake_cut_off is not None and local.time() > calendar.intake_cut_off
    if too_late and is_working_day(local.date(), calendar):
        return next_working_day(local.date() + _DAY, calendar)
    return next_working_day(local.date(), calendar)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, _LAST_MOMENT, PRAGUE).astimezone(UTC)
