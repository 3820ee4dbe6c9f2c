"""The relay: in order, only after confirmation, one at a time, and nothing is ever skipped. (P3, P5)"""

import threading
from collections.abc import Sequence
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo.database import Database

from contracts.envelope import parse_event
from contracts.registry import EVENTS as KNOWN
from kit.messages import Record
from kit.mongo import Document
from tickets.cases.town import Town
from tickets.handlers import ReportsHandler, RoutingHandler
from tickets.relay import Lease, Relay, Unpublished, publish_in_order
from tickets.store import EVENTS, LEASES, MongoStore

from .builders import Clock, messages, reply, report, routing, ticket_of


def events_of(*lengths: int) -> list[list[Unpublished]]:
    return [
        [
            Unpublished(UUID(int=ticket * 1000 + n), UUID(int=ticket), f'{{"sequence": {n}}}')
            for n in range(1, length + 1)
        ]
        for ticket, length in enumerate(lengths, start=1)
    ]


class Broker:
    """Confirms what it is not told to refuse."""

    def __init__(self, *refused: tuple[int, int]) -> None:
        self.refused = set(refused)
        self.taken: list[tuple[int, int]] = []

    def publish(self, records: Sequence[Record]) -> list[bool]:
        results = []
        for record in records:
            assert record.key is not None
            place = (UUID(record.key.decode()).int, orjson.loads(record.value or b"{}")["sequence"])
            results.append(place not in self.refused)
            if results[-1]:
                self.taken.append(place)
        return results


def test_each_wave_holds_one_event_of_each_ticket() -> None:
    broker = Broker()
    confirmed = publish_in_order(events_of(2, 3, 1), broker.publish)
    assert broker.taken == [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2), (2, 3)]
    assert len(confirmed) == 6


def test_after_an_unconfirmed_event_its_ticket_waits_and_the_others_go_on() -> None:
    broker = Broker((2, 2))
    publish_in_order(events_of(2, 3, 1), broker.publish)
    assert broker.taken == [(1, 1), (2, 1), (3, 1), (1, 2)]


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.sets(st.tuples(st.integers(1, 8), st.integers(1, 6))))
def test_no_event_is_published_before_the_one_before_it(lengths: list[int], refused: set[tuple[int, int]]) -> None:
    broker = Broker(*refused)
    publish_in_order(events_of(*lengths), broker.publish)
    for ticket in range(1, len(lengths) + 1):
        sequences = [sequence for one, sequence in broker.taken if one == ticket]
        assert sequences == list(range(1, len(sequences) + 1))


def test_no_wave_is_begun_without_time_for_it() -> None:
    broker, left = Broker(), iter([True, True, False])
    publish_in_order(events_of(4), broker.publish, lambda: next(left))
    assert broker.taken == [(1, 1), (1, 2)]


class Collected:
    """A broker that keeps what it confirmed."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.away = False
        self.lock = threading.Lock()

    def publish(self, records: Sequence[Record]) -> list[bool]:
        with self.lock:
            if not self.away:
                self.records += records
            return [not self.away] * len(records)

    def sequences(self, ticket: UUID) -> list[int]:
        key = str(ticket).encode()
        return [orjson.loads(record.value or b"")["sequence"] for record in self.records if record.key == key]


@pytest.fixture
def broker() -> Collected:
    return Collected()


@pytest.fixture
def relay(database: Database[Document], broker: Collected) -> Relay:
    return Relay(database, broker.publish, Lease(database, "relay-1"))


def fill(database: Database[Document], town: Town, clock: Clock, count: int = 5) -> list[UUID]:
    store = MongoStore(database, clock)
    events = [report(f"Věc {number}") for number in range(count)]
    ReportsHandler(store, lambda _: town, clock)(messages(*events))
    RoutingHandler(store, lambda _: town, clock)(messages(*(routing(ticket_of(event)) for event in events)))
    return [ticket_of(event) for event in events]


@pytest.mark.integration
def test_stored_events_are_published_as_they_are_stored(
    database: Database[Document], town: Town, clock: Clock, relay: Relay, broker: Collected
) -> None:
    tickets = fill(database, town, clock)
    assert relay.turn() == 20
    for ticket in tickets:
        assert broker.sequences(ticket) == [1, 2, 3, 4]
    stored = {one["body"].encode() for one in database[EVENTS].find({})}
    assert {record.value for record in broker.records} == stored
    for record in broker.records:
        parse_event(record.value, KNOWN)
    assert relay.turn() == 0


@pytest.mark.integration
def test_what_the_broker_did_not_confirm_is_published_later(
    database: Database[Document], town: Town, clock: Clock, relay: Relay, broker: Collected
) -> None:
    (ticket,) = fill(database, town, clock, 1)
    broker.away = True
    assert relay.turn() == 0
    assert database[EVENTS].count_documents({"published": True}) == 0
    broker.away = False
    assert relay.turn() == 4
    assert broker.sequences(ticket) == [1, 2, 3, 4]


@pytest.mark.integration
def test_a_crash_between_confirmation_and_noting_repeats_and_skips_nothing(
    database: Database[Document], town: Town, clock: Clock, relay: Relay, broker: Collected
) -> None:
    (ticket,) = fill(database, town, clock, 1)
    publish_in_order(relay._waiting(), broker.publish)
    assert relay.turn() == 4
    assert broker.sequences(ticket) == [1, 2, 3, 4] * 2


@pytest.mark.integration
def test_only_one_relay_holds_the_lease_and_it_can_be_taken_over(database: Database[Document]) -> None:
    first, second = Lease(database, "relay-1"), Lease(database, "relay-2")
    assert first.held()
    assert not second.held()
    assert first.held()
    first.give_back()
    assert second.held()
    assert not first.held()
    # The holder died: its time runs out.
    database[LEASES].update_one({"_id": "relay"}, [{"$set": {"until": {"$subtract": ["$$NOW", 1]}}}])
    assert first.held()
    assert not Lease(database, "relay-2").held()


@pytest.mark.integration
def test_a_process_that_comes_back_under_its_name_goes_on_at_once(database: Database[Document]) -> None:
    assert Lease(database, "relay-1").held()
    assert Lease(database, "relay-1").held()


@pytest.mark.integration
def test_while_cases_are_written_by_several_every_ticket_is_published_in_order(
    database: Database[Document], town: Town, clock: Clock, relay: Relay, broker: Collected
) -> None:
    tickets = fill(database, town, clock, 4)
    reports = ReportsHandler(MongoStore(database, clock), lambda _: town, clock, relay.wake)
    stop = threading.Event()
    running = threading.Thread(target=relay.run, args=(stop,))
    running.start()
    writers = [
        threading.Thread(
            target=lambda name=name: [
                reports(messages(*(reply(ticket, text=f"{name} {number}") for ticket in tickets)))
                for number in range(5)
            ]
        )
        for name in ("a", "b", "c")
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    waited = threading.Event()
    for _ in range(500):
        if database[EVENTS].count_documents({"published": False}) == 0:
            break
        waited.wait(0.02)
    stop.set()
    running.join(10)
    for ticket in tickets:
        assert broker.sequences(ticket) == list(range(1, 20))
    assert database[LEASES].count_documents({}) == 0
