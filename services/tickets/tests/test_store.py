"""One suite for the store in memory and for MongoDB: transactions, repeats, numbers, and two writers at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from contracts.tickets import TicketState
from contracts.types import Channel
from kit.mongo import Document
from tickets.cases import opening, progress
from tickets.cases.batch import Batch
from tickets.cases.case import Case
from tickets.cases.keeping import DataRefused, Remembered, ReportOutcome, ReportRecord, Store, Unit
from tickets.cases.town import Town
from tickets.handlers import ReportsHandler, RoutingHandler
from tickets.store import EVENTS, TICKETS, MongoStore, case_of, document_of

from .builders import (
    BARE_TOWN,
    START,
    Clock,
    assigned_case,
    cause,
    messages,
    opened_case,
    read_case,
    reply,
    report,
    routing,
    ticket_of,
)
from .memory_store import MemoryStore


def handled_by(store: Store, town: Town, clock: Clock) -> tuple[ReportsHandler, RoutingHandler]:
    return ReportsHandler(store, lambda _: town, clock), RoutingHandler(store, lambda _: town, clock)


def written(store: Store, write: Callable[[Batch], None]) -> dict[UUID, Case]:
    def work(unit: Unit) -> dict[UUID, Case]:
        batch = Batch(unit)
        write(batch)
        return batch.finish(START)

    return store.transaction(work)


def opening_of(subject: str) -> Callable[[Batch], None]:
    return lambda batch: batch.change(*opening.from_report(report(subject), [], cause()))


def test_a_case_is_read_as_it_was_written(store: Store, town: Town, clock: Clock) -> None:
    reports, routings = handled_by(store, town, clock)
    event = report()
    reports(messages(event))
    routings(messages(routing(ticket_of(event))))
    case = read_case(store, ticket_of(event))
    assert case is not None
    assert (case.version, case.number, case.category) == (4, "2026-000001", "pothole")
    assert case.opening.parts == event.data.parts
    assert case.received_at == event.data.received_at
    assert case.deadlines[0].why == "pothole"


def test_what_was_handled_is_known(store: Store, town: Town, clock: Clock) -> None:
    reports, routings = handled_by(store, town, clock)
    event = report()
    decision = routing(ticket_of(event))
    reports(messages(event))
    routings(messages(decision))
    asked = store.transaction(
        lambda unit: (
            unit.known_reports([event.data.report_id, uuid4()]),
            unit.handled([decision.id, uuid4()]),
            unit.case_ids("lipovany", ["2026-000001", "2026-000002"]),
            unit.case_ids("dubna", ["2026-000001"]),
        )
    )
    assert asked == ({event.data.report_id}, {decision.id}, {"2026-000001": ticket_of(event)}, {})


def test_nothing_of_a_transaction_that_fails_remains(store: Store) -> None:
    def work(unit: Unit) -> None:
        batch = Batch(unit)
        opening_of("Zmizí")(batch)
        batch.finish(START)
        unit.take_numbers("lipovany", 2026, 5)
        raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        store.transaction(work)
    assert read_case(store, ticket_of(report("Zmizí"))) is None
    assert store.transaction(lambda unit: unit.take_numbers("lipovany", 2026, 1)) == 1


def test_numbers_are_taken_in_blocks_per_town_and_year(store: Store) -> None:
    taken = [
        store.transaction(lambda unit, town=town, year=year, count=count: unit.take_numbers(town, year, count))  # type: ignore[misc]
        for town, year, count in (
            ("lipovany", 2026, 3),
            ("lipovany", 2026, 2),
            ("lipovany", 2027, 1),
            ("dubna", 2026, 1),
        )
    ]
    assert taken == [1, 4, 1, 1]


def test_the_same_case_is_opened_once(store: Store) -> None:
    written(store, opening_of("Jednou"))
    with pytest.raises(DataRefused):
        # Not by way of a handler, which would have known it.
        written(store, opening_of("Jednou"))


def test_an_outcome_is_changed_where_the_report_is_known(store: Store, town: Town, clock: Clock) -> None:
    reports, routings = handled_by(store, town, clock)
    event = report()
    reports(messages(event))
    routings(messages(routing(ticket_of(event), set_aside=True)))
    case = read_case(store, ticket_of(event))
    assert case is not None
    assert case.number is None


def test_a_request_with_a_key_is_remembered(store: Store) -> None:
    kept = Remembered("k", "d" * 64, uuid4(), 3, START)
    written(store, lambda batch: batch.remember(kept))
    assert store.transaction(lambda unit: unit.remembered("k")) == kept
    assert store.transaction(lambda unit: unit.remembered("other")) is None


def test_cases_that_wait_for_a_routing_too_long_are_found_longest_first(store: Store, clock: Clock) -> None:
    written(store, opening_of("Starší"))
    later = cause()
    event = report("Novější")
    change = opening.from_report(event, [], type(later)(later.actor, later.at.replace(second=40)))
    written(store, lambda batch: batch.change(*change))
    assert store.unrouted(START, 10) == []
    clock.passes(seconds=120)
    assert store.unrouted(clock(), 10) == [ticket_of(report("Starší")), ticket_of(event)]
    assert store.unrouted(clock(), 1) == [ticket_of(report("Starší"))]


def test_two_writers_at_once_leave_an_unbroken_history(store: Store, town: Town, clock: Clock) -> None:
    reports, _ = handled_by(store, town, clock)
    first = report()
    reports(messages(first))
    ticket = ticket_of(first)
    texts = [f"Zpráva {number}." for number in range(16)]
    with ThreadPoolExecutor(4) as pool:
        for outcomes in pool.map(lambda text: reports(messages(reply(ticket, text=text))), texts):
            assert [type(outcome).__name__ for outcome in outcomes] == ["Done"]
    case = read_case(store, ticket)
    assert case is not None
    assert (case.version, case.messages) == (17, 17)


def test_two_writers_of_the_same_batch_do_it_once(store: Store, town: Town, clock: Clock) -> None:
    reports, routings = handled_by(store, town, clock)
    events = [report(f"Věc {number}") for number in range(20)]
    together = threading.Barrier(3)

    def work(_: int) -> list[str]:
        together.wait()
        outcomes = [*reports(messages(*events)), *routings(messages(*(routing(ticket_of(e)) for e in events)))]
        return [type(outcome).__name__ for outcome in outcomes]

    with ThreadPoolExecutor(3) as pool:
        for outcomes in pool.map(work, range(3)):
            assert set(outcomes) == {"Done"}
    cases = [read_case(store, ticket_of(event)) for event in events]
    assert {case.version for case in cases if case is not None} == {4}
    assert sorted(case.number or "" for case in cases if case is not None) == [f"2026-{n:06d}" for n in range(1, 21)]


@pytest.mark.integration
def test_a_document_holds_the_whole_case(town: Town) -> None:
    for case in (opened_case(), assigned_case(town), assigned_case(town, body="vodarny")):
        assert case_of(document_of(case)) == case


@pytest.mark.integration
def test_only_changed_fields_are_written(database: Database[Document], town: Town, clock: Clock) -> None:
    store = MongoStore(database, clock)
    reports, _ = handled_by(store, town, clock)
    event = report()
    reports(messages(event))
    database[TICKETS].update_one({"_id": ticket_of(event)}, {"$set": {"opening.subject": "Beze změny"}})

    def move(unit: Unit) -> None:
        batch = Batch(unit)
        case = batch.case(ticket_of(event))
        assert case is not None
        batch.change(*progress.moved(case, TicketState.SET_ASIDE, BARE_TOWN, cause(), reason="spam"))
        batch.finish(START)

    store.transaction(move)
    found = database[TICKETS].find_one({"_id": ticket_of(event)})
    assert found is not None
    assert (found["state"], found["opening"]["subject"]) == ("set_aside", "Beze změny")
    assert "route_by" not in found


@pytest.mark.integration
def test_the_database_itself_refuses_a_second_event_of_the_same_sequence(
    database: Database[Document], town: Town, clock: Clock
) -> None:
    store = MongoStore(database, clock)
    written(store, opening_of("Jednou"))
    event = database[EVENTS].find_one({})
    assert event is not None
    with pytest.raises(DuplicateKeyError):
        database[EVENTS].insert_one({**event, "_id": uuid4()})


@pytest.mark.integration
def test_every_event_is_stored_once_and_unpublished(database: Database[Document], town: Town, clock: Clock) -> None:
    store = MongoStore(database, clock)
    reports, routings = handled_by(store, town, clock)
    event = report()
    for _ in range(2):
        reports(messages(event))
        routings(messages(routing(ticket_of(event))))
    stored = list(database[EVENTS].find({}).sort("sequence", 1))
    assert [one["sequence"] for one in stored] == [1, 2, 3, 4]
    assert {one["published"] for one in stored} == {False}


def some_thousand(database: Database[Document], town: Town) -> None:
    """Enough cases that an index is worth its while."""
    model = document_of(assigned_case(town))
    states, categories, teams = ("assigned", "resolved", "opened"), ("pothole", "lamp", "dog"), ("a", "b", "c")
    documents = [
        {
            **model,
            "_id": uuid4(),
            "number": f"2026-{number:06d}",
            "state": states[number % 3],
            "category": categories[number // 3 % 3],
            "solvers": [teams[number // 9 % 3]],
            "words": [f"w{number % 20}", f"x{number % 7}"],
            "opened_at": START + timedelta(seconds=number),
            "due_at": START + timedelta(seconds=number % 700),
            **({"route_by": START} if number % 100 == 0 else {}),
        }
        for number in range(3000)
    ]
    database[TICKETS].insert_many(documents)
    events = [
        {"_id": uuid4(), "ticket_id": uuid4(), "sequence": 1, "at": START, "published": number % 100 != 0}
        for number in range(3000)
    ]
    database[EVENTS].insert_many(events)


@pytest.mark.integration
def test_every_query_of_the_service_is_read_from_an_index_in_order(database: Database[Document], town: Town) -> None:
    some_thousand(database, town)
    newest = [("opened_at", -1), ("_id", -1)]
    oldest = [("opened_at", 1), ("_id", 1)]
    by_due = [("due_at", 1), ("_id", 1)]
    late = {"$lt": START + timedelta(seconds=300)}
    seen = {"municipality": "lipovany", "confidentiality": {"$in": ["open", "restricted"]}}
    asked: list[tuple[str, Document, list[tuple[str, int]]]] = [
        (TICKETS, {**seen}, newest),
        (TICKETS, {**seen}, oldest),
        (TICKETS, {**seen, "state": "assigned"}, newest),
        (TICKETS, {**seen, "category": "pothole"}, newest),
        (TICKETS, {**seen, "solvers": "a"}, newest),
        (TICKETS, {**seen, "state": "assigned", "category": "pothole"}, newest),
        (TICKETS, {**seen, "state": "assigned", "solvers": "a"}, newest),
        (TICKETS, {**seen, "words": {"$all": ["w1", "x1"]}}, newest),
        (TICKETS, {**seen, "due_at": late}, by_due),
        (TICKETS, {**seen, "due_at": {"$exists": True}}, by_due),
        (TICKETS, {**seen, "due_at": late, "solvers": "a"}, by_due),
        (TICKETS, {"route_by": {"$lte": START}}, [("route_by", 1)]),
        (TICKETS, {"municipality": "lipovany", "number": {"$in": ["2026-000001"]}}, []),
        (EVENTS, {"published": False}, [("at", 1)]),
        (EVENTS, {"ticket_id": {"$in": [uuid4()]}, "published": False}, [("ticket_id", 1), ("sequence", 1)]),
        (EVENTS, {"ticket_id": uuid4(), "type": "ticket.opened"}, [("sequence", 1)]),
    ]
    for collection, query, order in asked:
        explained = database[collection].find(query, limit=50, sort=order or None).explain()
        stages = _stages(explained["queryPlanner"]["winningPlan"])
        assert "IXSCAN" in stages, (query, stages)
        assert not stages & {"SORT", "COLLSCAN"}, (query, stages)
        examined = explained["executionStats"]["totalDocsExamined"]
        assert examined <= 1500, (query, examined)


def _stages(plan: Document) -> set[str]:
    below = [plan[name] for name in ("inputStage", "queryPlan") if name in plan] + plan.get("inputStages", [])
    return {plan.get("stage", "")}.union(*(_stages(one) for one in below))


def test_the_stores_are_what_they_say(store: Store) -> None:
    assert isinstance(store, MemoryStore | MongoStore)
    record = ReportRecord(
        uuid4(), "lipovany", ReportOutcome.OPENED, "no-token", START, report().data.original, Channel.EMAIL
    )
    written(store, lambda batch: batch.report(record))
    assert store.transaction(lambda unit: unit.known_reports([record.id])) == {record.id}
