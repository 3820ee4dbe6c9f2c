"""The table of states: complete, reachable, and kept to."""

import pytest

from contracts.tickets import DeadlineState, ResolverKind, TicketState
from tickets.cases import progress
from tickets.cases.lifecycle import CLOCK_STANDS, HANDED_OVER, MOVES, REOPENED_WITHIN, SOLVED, move, ways_from
from tickets.cases.permissions import StaffRole
from tickets.cases.town import Town

from .builders import Clock, assigned_case, cause, draft_of, in_state, told


def test_every_state_can_be_left_or_ends_the_case() -> None:
    for state in TicketState:
        assert ways_from(state) or state in HANDED_OVER or state == TicketState.SET_ASIDE


def test_every_state_can_be_reached() -> None:
    by_hand_over = {TicketState.ASSIGNED, TicketState.FORWARDED, TicketState.OPENED}
    assert {row.after for row in MOVES} | by_hand_over == set(TicketState)


def test_no_way_stands_twice_in_the_table() -> None:
    ways = [(row.before, row.after) for row in MOVES]
    assert len(ways) == len(set(ways))


def test_what_is_not_in_the_table_is_no_way() -> None:
    assert move(TicketState.CLOSED, TicketState.ASSIGNED) is None
    assert move(TicketState.OPENED, TicketState.RESOLVED) is None
    assert move(TicketState.SET_ASIDE, TicketState.RESOLVED) is None


@pytest.mark.parametrize("state", [TicketState.REJECTED, TicketState.SET_ASIDE])
def test_a_refusal_always_needs_a_reason(state: TicketState) -> None:
    rows = [row for row in MOVES if row.after == state]
    assert rows
    assert all(row.reason for row in rows)


def test_readers_and_administrators_change_nothing() -> None:
    for row in MOVES:
        assert not row.by & {StaffRole.READER, StaffRole.ADMIN}


def test_only_waiting_for_the_reporter_stops_the_clock(town: Town, clock: Clock) -> None:
    case = assigned_case(town)
    for state in ways_from(TicketState.ASSIGNED):
        clock_stands = in_state(case, state, clock=clock).deadlines[0].state == DeadlineState.PAUSED
        assert clock_stands == (state in CLOCK_STANDS)


def test_after_waiting_the_day_is_later_by_as_long_as_we_waited(town: Town, clock: Clock) -> None:
    case = assigned_case(town)
    before = case.deadlines[0].due
    case = in_state(case, TicketState.WAITING_FOR_REPORTER, clock=clock)
    clock.passes(days=7)
    after = in_state(case, TicketState.IN_PROGRESS, clock=clock).deadlines[0]
    assert after.state == DeadlineState.RUNNING
    assert (after.due - before).days == 7


def test_a_solved_case_has_nothing_due_and_a_reopened_one_has(town: Town) -> None:
    for solved in SOLVED - {TicketState.CLOSED, TicketState.SET_ASIDE}:
        case = in_state(assigned_case(town), solved)
        assert case.deadlines[0].state == DeadlineState.MET
        assert case.solved_at is not None
        reopened = in_state(case, TicketState.IN_PROGRESS)
        assert reopened.deadlines[0].state == DeadlineState.RUNNING
        assert reopened.solved_at is None


def test_a_closed_case_says_when(town: Town, clock: Clock) -> None:
    case = in_state(assigned_case(town), TicketState.RESOLVED, TicketState.CLOSED, clock=clock)
    assert case.closed_at == clock()
    assert in_state(case, TicketState.IN_PROGRESS).closed_at is None


def test_the_reporter_hears_of_a_change_with_the_clerks_words(town: Town) -> None:
    case = assigned_case(town)
    change = progress.moved(case, TicketState.RESOLVED, town, cause(), words="Opraveno.")
    draft = draft_of(change, "ticket.state_changed")
    assert told(draft) == ["obcan@example.test"]
    assert draft.personal["words"] == "Opraveno."
    assert draft.fields["previous"] == TicketState.ASSIGNED


def test_a_reopened_case_of_an_outside_body_is_the_teams(town: Town) -> None:
    case = assigned_case(town, team="odbor-zivotniho-prostredi", body="vodarny", category="water-supply")
    assert case.state == TicketState.FORWARDED
    reopened = in_state(case, TicketState.RESOLVED, TicketState.IN_PROGRESS)
    assert reopened.resolver is not None
    assert (reopened.resolver.kind, reopened.resolver.code) == (ResolverKind.TEAM, "odbor-zivotniho-prostredi")


def test_only_solved_states_are_reopened_by_a_message() -> None:
    assert REOPENED_WITHIN.keys() <= SOLVED
