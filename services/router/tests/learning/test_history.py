"""From events to cases of which people have had the last word."""

from contracts.sample_tickets import SALT, snapshot, ticket_event
from contracts.tickets import TicketOpened, TicketPersonal
from contracts.types import Confidentiality
from router.learning.history import settled_cases, told_cases

from .cases import DISPATCHER, SOLVER, case, ticket, together

HOLE = "Díra v silnici."


def test_a_case_that_was_solved_as_the_router_decided_confirms_it() -> None:
    (one,) = settled_cases(case(1, HOLE, "pothole"))
    assert (one.case.text, one.decided, one.category, one.corrected) == (HOLE, "pothole", "pothole", False)
    assert one.people == {SOLVER}


def test_a_correction_counts_at_once_and_the_solver_stands_behind_it_later() -> None:
    (waits,) = settled_cases(case(1, HOLE, "pothole", "roadworks", solved_by=None))
    (solved,) = settled_cases(case(1, HOLE, "pothole", "roadworks"))
    assert (waits.corrected, waits.category, waits.people) == (True, "roadworks", frozenset([DISPATCHER]))
    assert solved.people == {DISPATCHER, SOLVER}


def test_who_corrected_before_does_not_stand_behind_what_another_made_of_it() -> None:
    events = case(1, HOLE, "pothole", "roadworks", by="first", solved_by=None)
    again = case(1, HOLE, "pothole", "sewer", by="second", solved_by=None)
    (one,) = settled_cases([*events, again[-1].model_copy(update={"sequence": 4})])
    assert (one.category, one.people) == ("sewer", frozenset(["second"]))


def test_a_case_that_nobody_has_looked_at_says_nothing() -> None:
    assert settled_cases(case(1, HOLE, "pothole", solved_by=None)) == []


def test_events_that_come_again_change_nothing_and_a_text_that_was_taken_out_is_gone() -> None:
    events = case(1, HOLE, "pothole")
    assert settled_cases([*events, *events]) == settled_cases(events)
    forgotten = ticket_event(TicketOpened, personal=TicketPersonal(salt=SALT), after=snapshot(ticket_id=ticket(1)))
    assert settled_cases([*events, forgotten]) == []
    assert told_cases([*events, forgotten]) == []


def test_a_sealed_case_is_not_learnt_from() -> None:
    events = case(1, HOLE, "pothole")
    sealed = [event.model_copy(update={"confidentiality": Confidentiality.SEALED}) for event in events]
    assert settled_cases(sealed) == []
    assert told_cases(sealed) == []


def test_cases_come_in_the_order_in_which_they_were_opened() -> None:
    events = together(case(2, "Druhá.", "pothole"), case(1, "První.", "pothole"))
    assert [one.case.text for one in settled_cases(events)] == ["První.", "Druhá."]
    assert [one.text for one in told_cases(events)] == ["První.", "Druhá."]
