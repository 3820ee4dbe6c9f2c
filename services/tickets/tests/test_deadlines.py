"""The town's calendar, checked against the law written out."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.tickets import Deadline, DeadlineKind, DeadlineState
from packs.office import Calendar, ClosingDay
from packs.situations import DeadlineUnit, Term
from tickets.cases import deadlines
from tickets.cases.case import Promise
from tickets.cases.deadlines import PRAGUE, due, is_working_day, public_holidays

# § 1 and § 2 of act 245/2000 Sb.: days with a fixed date.
FIXED = [(1, 1), (5, 1), (5, 8), (7, 5), (7, 6), (9, 28), (10, 28), (11, 17), (12, 24), (12, 25), (12, 26)]
# Good Friday and Easter Monday, by the church calendar.
EASTER = {
    2024: ("2024-03-29", "2024-04-01"),
    2025: ("2025-04-18", "2025-04-21"),
    2026: ("2026-04-03", "2026-04-06"),
    2027: ("2027-03-26", "2027-03-29"),
    2028: ("2028-04-14", "2028-04-17"),
    2029: ("2029-03-30", "2029-04-02"),
    2030: ("2030-04-19", "2030-04-22"),
}
SIXTY = Term(value=60, unit=DeadlineUnit.CALENDAR_DAYS)


def calendar(cut_off: time | None = time(15), closed: tuple[date, ...] = ()) -> Calendar:
    return Calendar(
        intake_cut_off=cut_off,
        closing_days=[ClosingDay(day=day, why="Zavřeno") for day in closed],
        legal_maximum=SIXTY,
        council_maximum=Term(value=90, unit=DeadlineUnit.CALENDAR_DAYS),
        forward_within=Term(value=2, unit=DeadlineUnit.WORKING_DAYS),
    )


def prague(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PRAGUE)


def working_days(count: int) -> Term:
    return Term(value=count, unit=DeadlineUnit.WORKING_DAYS)


def calendar_days(count: int) -> Term:
    return Term(value=count, unit=DeadlineUnit.CALENDAR_DAYS)


def due_day(received: str, term: Term, office: Calendar | None = None) -> str:
    end = due(prague(received), term, office or calendar()).astimezone(PRAGUE)
    assert end.time() == time(23, 59, 59)
    return end.date().isoformat()


@pytest.mark.parametrize("year", sorted(EASTER))
def test_public_holidays_are_those_of_the_law(year: int) -> None:
    law = {date(year, month, day) for month, day in FIXED} | {date.fromisoformat(day) for day in EASTER[year]}
    assert public_holidays(year) == law


@pytest.mark.parametrize(
    ("received", "term", "day"),
    [
        ("2026-11-24T09:00", working_days(1), "2026-11-25"),
        ("2026-11-24T15:00", working_days(1), "2026-11-25"),
        ("2026-11-24T15:01", working_days(1), "2026-11-26"),
        ("2026-11-27T09:00", working_days(1), "2026-11-30"),
        ("2026-11-27T16:00", working_days(1), "2026-12-01"),
        ("2026-11-28T09:00", working_days(1), "2026-12-01"),
        ("2026-12-23T09:00", working_days(1), "2026-12-28"),
        ("2026-12-31T09:00", working_days(1), "2027-01-04"),
        ("2026-07-03T09:00", working_days(1), "2026-07-07"),
        ("2026-04-02T09:00", working_days(1), "2026-04-07"),
        ("2026-11-24T09:00", working_days(0), "2026-11-24"),
    ],
)
def test_working_days_skip_weekends_holidays_and_what_comes_late(received: str, term: Term, day: str) -> None:
    assert due_day(received, term) == day


@pytest.mark.parametrize(
    ("received", "count", "day"),
    [
        ("2026-11-24T23:59", 6, "2026-11-30"),
        # The last day is a Saturday, a Sunday, a holiday: the next working day (§ 40 (1) c) of act 500/2004 Sb.).
        ("2026-11-24T09:00", 4, "2026-11-30"),
        ("2026-11-24T09:00", 5, "2026-11-30"),
        ("2026-11-24T09:00", 30, "2026-12-28"),
        ("2026-02-02T09:00", 60, "2026-04-07"),
    ],
)
def test_terms_of_the_law_run_in_calendar_days_and_end_on_a_working_day(received: str, count: int, day: str) -> None:
    assert due_day(received, calendar_days(count)) == day


def test_a_closing_day_of_the_office_counts_for_its_promise_but_not_for_the_law() -> None:
    office = calendar(closed=(date(2026, 11, 25),))
    assert due_day("2026-11-24T09:00", working_days(1), office) == "2026-11-26"
    assert due_day("2026-11-24T09:00", calendar_days(1), office) == "2026-11-25"


def test_without_a_cut_off_every_minute_of_a_working_day_counts() -> None:
    assert due_day("2026-11-24T23:30", working_days(1), calendar(cut_off=None)) == "2026-11-25"


def test_hours_run_day_and_night() -> None:
    received = prague("2026-12-24T22:00")
    assert due(received, Term(value=4, unit=DeadlineUnit.HOURS), calendar()) == received + timedelta(hours=4)


def test_the_day_ends_in_prague_also_when_the_clocks_change() -> None:
    assert due(prague("2026-10-23T09:00"), working_days(1), calendar()) == datetime(
        2026, 10, 26, 22, 59, 59, tzinfo=UTC
    )
    assert due(prague("2026-03-27T09:00"), working_days(1), calendar()) == datetime(2026, 3, 30, 21, 59, 59, tzinfo=UTC)


def test_no_promise_is_later_than_the_law_allows() -> None:
    received = prague("2026-11-24T09:00")
    long = deadlines.solution(received, working_days(90), "suggestion", calendar())
    assert (long.due, long.why) == (due(received, SIXTY, calendar()), deadlines.LEGAL_MAXIMUM)
    short = deadlines.solution(received, working_days(5), "pothole", calendar())
    assert short.why == "pothole"
    assert deadlines.solution(received, None, "unclear", calendar()).why == deadlines.LEGAL_MAXIMUM


@given(
    first=st.datetimes(datetime(2024, 1, 1), datetime(2030, 6, 1)),
    later=st.timedeltas(timedelta(0), timedelta(days=10)),
    count=st.integers(0, 30),
    unit=st.sampled_from(list(DeadlineUnit)),
)
def test_who_writes_later_is_never_promised_an_earlier_day(
    first: datetime, later: timedelta, count: int, unit: DeadlineUnit
) -> None:
    term, office = Term(value=count, unit=unit), calendar(closed=(date(2026, 12, 31),))
    begin = first.replace(tzinfo=UTC)
    assert due(begin, term, office) <= due(begin + later, term, office)


@given(first=st.datetimes(datetime(2024, 1, 1), datetime(2030, 6, 1)), count=st.integers(0, 30))
def test_a_term_in_days_ends_on_a_working_day_and_never_before_it_began(first: datetime, count: int) -> None:
    begin = first.replace(tzinfo=UTC)
    for term in (working_days(count), calendar_days(count)):
        end = due(begin, term, calendar())
        assert end >= begin
        assert is_working_day(end.astimezone(PRAGUE).date())


def running(promise: Promise) -> list[Deadline]:
    return [Deadline(kind=DeadlineKind.SOLUTION, due=promise.due, why=promise.why)]


def after_wait(promise: Promise, wait: timedelta, office: Calendar) -> str:
    return deadlines.postponed(promise, wait, office).astimezone(PRAGUE).isoformat()


def test_a_clock_that_stood_over_a_weekend_goes_on_to_a_working_day() -> None:
    office, received = calendar(), prague("2026-11-24T09:00")
    promise = deadlines.solution(received, working_days(2), "pothole", office)
    stood = deadlines.paused(running(promise), prague("2026-11-25T10:00"))
    assert stood[0].state == DeadlineState.PAUSED
    wait = deadlines.stood(stood, prague("2026-11-27T10:00"))
    assert wait == timedelta(days=2)
    assert after_wait(promise, wait, office).startswith("2026-11-30")
    again = deadlines.running(stood, promise.due + wait)[0]
    assert (again.state, again.paused_since, again.due) == (DeadlineState.RUNNING, None, promise.due + wait)


def test_stopping_a_clock_that_stands_does_not_lose_since_when() -> None:
    promise = deadlines.solution(prague("2026-11-24T09:00"), working_days(2), "pothole", calendar())
    first = deadlines.paused(running(promise), prague("2026-11-25T10:00"))
    assert deadlines.paused(first, prague("2026-11-26T10:00")) == first


def test_a_clock_that_goes_on_ends_on_no_closing_day_unless_by_the_law() -> None:
    office = calendar(closed=(date(2026, 11, 30),))
    promise = deadlines.solution(prague("2026-11-24T09:00"), working_days(2), "pothole", office)
    assert after_wait(promise, timedelta(days=2), office).startswith("2026-12-01")
    by_law = promise.model_copy(update={"why": deadlines.LEGAL_MAXIMUM})
    assert after_wait(by_law, timedelta(days=2), office).startswith("2026-11-30")


@pytest.mark.parametrize("received", ["2026-11-24T09:00", "2026-11-27T19:59:59"])
def test_a_term_in_hours_goes_on_by_exactly_as_long_as_it_stood(received: str) -> None:
    term = Term(value=4, unit=DeadlineUnit.HOURS)
    promise = deadlines.solution(prague(received), term, "gas-leak", calendar())
    assert deadlines.postponed(promise, timedelta(minutes=30), calendar()) == promise.due + timedelta(minutes=30)


def test_a_clock_that_runs_or_goes_back_has_not_stood() -> None:
    promise = deadlines.solution(prague("2026-11-24T09:00"), working_days(2), "pothole", calendar())
    stood = deadlines.paused(running(promise), prague("2026-11-25T10:00"))
    assert deadlines.stood(running(promise), prague("2026-11-26T10:00")) == timedelta()
    assert deadlines.stood(stood, prague("2026-11-25T09:00")) == timedelta()
    assert deadlines.postponed(promise, timedelta(), calendar()) == promise.due
