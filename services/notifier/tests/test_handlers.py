"""Ticket events in, delivery records out: once, whatever is repeated, broken or away."""

from typing import Any

import orjson

from contracts.sample_histories import pothole_history
from contracts.sample_reports import PSEUDONYM_KEY
from contracts.tickets import TicketNumbered, TicketStateChanged
from kit.messages import Message
from kit.outcomes import DONE, DeadLetter, DependencyAway, Outcome
from notifier.deliveries import State
from notifier.handlers import TicketEventHandler

from .builders import NOW, REPORTER, event
from .memory_store import MemoryDeliveryStore


class Desk:
    """The handler with its surroundings."""

    def __init__(self) -> None:
        self.store = MemoryDeliveryStore()
        self.woken = 0
        self.handler = TicketEventHandler(self.store, pseudonym_key=PSEUDONYM_KEY, clock=lambda: NOW, wake=self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def handle(self, *values: bytes | None) -> list[Outcome]:
        return self.handler([Message("ticket-events", 0, n, b"key", value) for n, value in enumerate(values)])


def values(*events: Any) -> list[bytes]:
    return [one.to_bytes() for one in events]


def test_everybody_who_hears_of_a_case_gets_a_record_and_the_sender_is_woken() -> None:
    desk = Desk()
    history = values(*pothole_history())
    assert desk.handle(*history) == [DONE] * len(history)
    templates = sorted(one.template for one in desk.store.kept.values())
    assert templates == ["acknowledgement", "message_from_reporter", "message_to_reporter", "state_changed", "task"]
    assert desk.woken == 1


def test_a_repeat_records_and_wakes_nothing() -> None:
    desk = Desk()
    history = values(*pothole_history())
    desk.handle(*history)
    before = dict(desk.store.kept)
    assert desk.handle(*history, *history) == [DONE] * len(history) * 2
    assert desk.store.kept == before
    assert desk.woken == 1


def test_a_broken_message_is_dead_and_its_neighbours_are_handled() -> None:
    desk = Desk()
    good = event(TicketNumbered, REPORTER).to_bytes()
    unknown = orjson.dumps({**orjson.loads(good), "type": "ticket.sung"})
    newer = orjson.dumps({**orjson.loads(good), "dataschema": "urn:helpdesk:ticket.numbered:9.0"})
    outcomes = desk.handle(b"\xff", None, unknown, newer, good)
    assert [type(outcome) for outcome in outcomes] == [DeadLetter] * 4 + [type(DONE)]
    assert len(desk.store.kept) == 1


def test_a_dead_letters_reason_holds_nothing_of_the_message() -> None:
    document = orjson.loads(event(TicketNumbered, REPORTER, personal={"place_phrase": "kanárek"}).to_bytes())
    document["data"]["personal"]["contacts"] = {"kanárek": 5}
    document["data"]["participants"] = [{"id": "kanárek@example.test"}]
    (outcome,) = Desk().handle(orjson.dumps(document))
    assert isinstance(outcome, DeadLetter)
    assert "kanárek" not in outcome.reason


def test_while_the_database_is_away_the_good_ones_are_asked_for_again_and_nothing_is_half_done() -> None:
    desk = Desk()
    desk.store.away = True
    good = event(TicketNumbered, REPORTER).to_bytes()
    assert [type(one) for one in desk.handle(b"broken", good)] == [DeadLetter, DependencyAway]
    assert desk.woken == 0
    desk.store.away = False
    assert desk.handle(good) == [DONE]
    assert len(desk.store.kept) == 1


def test_an_event_that_is_taken_back_in_time_is_not_told() -> None:
    desk = Desk()
    held = event(TicketNumbered, REPORTER, sequence=3)
    other = event(TicketNumbered, REPORTER, sequence=4)
    undone = event(
        TicketStateChanged, REPORTER, sequence=5, reverses=held.id, previous="resolved", after=held.data.after
    )
    desk.handle(*values(held, other))
    assert desk.handle(*values(undone)) == [DONE]
    states = {one.event_id: one.state for one in desk.store.kept.values()}
    assert states[held.id] == State.CANCELLED
    assert states[other.id] == State.DUE


def test_taking_back_what_comes_in_the_same_batch_works_too() -> None:
    desk = Desk()
    held = event(TicketNumbered, REPORTER, sequence=3)
    undone = event(TicketStateChanged, sequence=4, reverses=held.id, previous="resolved", after=held.data.after)
    desk.handle(*values(held, undone))
    assert [one.state for one in desk.store.kept.values()] == [State.CANCELLED]


def test_who_is_not_concerned_costs_no_record() -> None:
    desk = Desk()
    assert desk.handle(event(TicketNumbered).to_bytes()) == [DONE]
    assert (desk.store.kept, desk.woken) == ({}, 0)
