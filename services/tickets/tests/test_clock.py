"""No routing within a minute: the dispatcher gets the case, with a number."""

from contracts.tickets import TicketState
from tickets.cases.keeping import Store
from tickets.cases.routing_pace import LONGEST_PATIENCE, RoutingPace
from tickets.cases.town import Town
from tickets.clock import RoutingClock
from tickets.handlers import ReportsHandler, RoutingHandler

from .builders import Clock, messages, read_case, report, routing, ticket_of
from .memory_store import MemoryStore


def opened(store: Store, town: Town, clock: Clock, *subjects: str) -> list[object]:
    events = [report(subject) for subject in subjects]
    ReportsHandler(store, lambda _: town, clock)(messages(*events))
    return [ticket_of(event) for event in events]


def test_a_case_waits_a_minute_and_no_longer(store: Store, town: Town, clock: Clock) -> None:
    (ticket,) = opened(store, town, clock, "Čeká")
    ticking = RoutingClock(store, lambda _: town, clock)
    clock.passes(seconds=59)
    assert ticking.turn() == 0
    clock.passes(seconds=1)
    assert ticking.turn() == 1
    case = read_case(store, ticket)  # type: ignore[arg-type]
    assert case is not None
    assert (case.state, case.number, case.resolver) == (TicketState.ASSIGNED, "2026-000001", town.dispatcher)
    assert ticking.turn() == 0


def test_a_routed_case_is_left_alone(store: Store, town: Town, clock: Clock) -> None:
    (ticket,) = opened(store, town, clock, "Včas")
    RoutingHandler(store, lambda _: town, clock)(messages(routing(ticket)))  # type: ignore[arg-type]
    clock.passes(minutes=5)
    assert RoutingClock(store, lambda _: town, clock).turn() == 0


def test_cases_wait_on_while_the_router_works_off_older_ones(store: Store, town: Town, clock: Clock) -> None:
    pace = RoutingPace()
    (early,) = opened(store, town, clock, "Dříve")
    clock.passes(seconds=5)
    opened(store, town, clock, "Později")
    clock.passes(seconds=90)
    RoutingHandler(store, lambda _: town, clock, pace=pace)(messages(routing(early)))  # type: ignore[arg-type]
    ticking = RoutingClock(store, lambda _: town, clock, pace=pace)
    assert ticking.turn() == 0
    clock.passes(seconds=61)
    assert ticking.turn() == 1, "no decision came for a minute: the router is away"


def test_a_case_that_the_router_passed_over_waits_no_longer(store: Store, town: Town, clock: Clock) -> None:
    pace = RoutingPace()
    opened(store, town, clock, "Přeskočený")
    clock.passes(seconds=61)
    (later,) = opened(store, town, clock, "Pozdější")
    RoutingHandler(store, lambda _: town, clock, pace=pace)(messages(routing(later)))  # type: ignore[arg-type]
    assert RoutingClock(store, lambda _: town, clock, pace=pace).turn() == 1


def test_nobody_waits_longer_than_a_quarter_of_an_hour_for_a_busy_router(clock: Clock) -> None:
    pace, opened_at = RoutingPace(), clock()
    clock.passes(minutes=20)
    pace.note(opened_at, clock())
    assert pace.overdue(clock()) == clock() - LONGEST_PATIENCE


def test_a_routing_that_comes_too_late_is_recorded_and_changes_nothing(store: Store, town: Town, clock: Clock) -> None:
    (ticket,) = opened(store, town, clock, "Pozdě")
    clock.passes(minutes=2)
    RoutingClock(store, lambda _: town, clock).turn()
    RoutingHandler(store, lambda _: town, clock)(messages(routing(ticket)))  # type: ignore[arg-type]
    case = read_case(store, ticket)  # type: ignore[arg-type]
    assert case is not None
    assert (case.category, case.resolver, case.version) == (None, town.dispatcher, 4)
    assert case.decision is not None
    assert case.decision.applied is False


def test_one_case_that_cannot_be_written_does_not_hold_up_the_others(town: Town, clock: Clock) -> None:
    store, woken = MemoryStore(clock), []
    bad, good = opened(store, town, clock, "Nejde", "Jde")
    store.refuses = lambda case: case.id == bad
    clock.passes(minutes=2)
    RoutingClock(store, lambda _: town, clock, lambda: woken.append(1)).turn()
    assert store.kept.cases[good].number == "2026-000001"  # type: ignore[index]
    assert store.kept.cases[bad].number is None  # type: ignore[index]
    assert woken == [1]
