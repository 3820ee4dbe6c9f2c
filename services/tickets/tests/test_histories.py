"""Stored histories: whole or not, and published again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
import pytest
from pymongo.database import Database

from contracts.envelope import parse_event
from contracts.registry import EVENTS
from contracts.sample_reports import REPORTER
from kit.messages import Record
from kit.mongo import Document
from tickets import histories
from tickets.cases import opening
from tickets.cases.assigning import routed
from tickets.cases.town import Town
from tickets.histories import Fault, fault_of
from tickets.store import MongoStore

from .builders import Clock, cause, messages, recorded, report, routing, ticket_of
from .office import Office


def events_of(town: Town) -> tuple[Any, list[dict[str, Any]]]:
    event = report()
    case, first = recorded(None, opening.from_report(event, [], cause(id=REPORTER.id)))
    case, more = recorded(case, routed(case, routing(case.id), town, cause()), "2026-000001")
    return case, [orjson.loads(stored.body) for stored in [*first, *more]]


def test_a_whole_history_has_no_fault(town: Town) -> None:
    case, events = events_of(town)
    assert fault_of(case.id, case.version, case.chain, events) is None


@pytest.mark.parametrize("harm", ["value", "personal", "gap", "end", "ahead", "chain"])
def test_whatever_was_changed_or_lost_is_found(town: Town, harm: str) -> None:
    case, events = events_of(town)
    version, chain = case.version, case.chain
    if harm == "value":
        events[1]["data"]["after"]["category"] = "emergency"
    elif harm == "personal":
        events[0]["data"]["personal"]["text"] = "Něco jiného."
    elif harm == "gap":
        del events[1]
    elif harm == "end":
        del events[-1]
    elif harm == "ahead":
        version -= 1
    else:
        chain = "1" * 64
    expected = {"value": 2, "personal": 1, "gap": 2, "end": 4, "ahead": 4, "chain": 4}[harm]
    found = fault_of(case.id, version, chain, events)
    assert found is not None
    assert found.sequence == expected


def test_a_person_who_was_forgotten_is_no_fault(town: Town) -> None:
    case, events = events_of(town)
    del events[0]["data"]["personal"]
    assert fault_of(case.id, case.version, case.chain, events) is None


class Broker:
    """Takes so many records, then no more."""

    def __init__(self, most: int = 1_000) -> None:
        self.records: list[Record] = []
        self._most = most

    def __call__(self, records: Sequence[Record]) -> list[bool]:
        taken = records[: self._most - len(self.records)]
        self.records += taken
        return [True] * len(taken) + [False] * (len(records) - len(taken))


@pytest.mark.integration
class TestStored:
    """Over a real MongoDB."""

    @pytest.fixture
    def published(self, office: Office, database: Database[Document]) -> list[Any]:
        tickets = [office.routed(f"Výmol {number}") for number in range(3)]
        database["events"].update_many({}, {"$set": {"published": True}})
        return tickets

    def test_all_stored_histories_are_whole_until_one_is_harmed(
        self, published: list[Any], database: Database[Document]
    ) -> None:
        assert list(histories.faults(database)) == [None] * 3
        database["events"].delete_one({"ticket_id": published[1], "sequence": 3})
        assert [one for one in histories.faults(database) if one] == [Fault(published[1], 3, "changed-or-missing")]
        assert list(histories.faults(database, "dubna")) == []

    def test_everything_is_published_again_in_the_order_of_each_ticket(
        self, published: list[Any], database: Database[Document]
    ) -> None:
        broker = Broker()
        assert histories.republish(database, broker) == (12, True)
        for ticket in published:
            own = [record for record in broker.records if record.key == str(ticket).encode()]
            assert [parse_event(record.value, EVENTS).sequence for record in own] == [1, 2, 3, 4]

    def test_one_tickets_or_one_towns_history_alone(self, published: list[Any], database: Database[Document]) -> None:
        broker = Broker()
        assert histories.republish(database, broker, ticket_id=published[0]) == (4, True)
        assert {record.key for record in broker.records} == {str(published[0]).encode()}
        assert histories.republish(database, broker, municipality="dubna") == (0, True)

    def test_after_a_restore_what_may_have_been_on_the_road_is_published_again(
        self, published: list[Any], office: Office, database: Database[Document], clock: Clock
    ) -> None:
        office.reports(messages(report("Čeká na směrovač")))
        old = ticket_of(report("Čeká na směrovač"))
        database["events"].update_many({}, {"$set": {"published": True}})
        clock.passes(minutes=5)
        since = clock()
        late = office.routed("Nový výmol")
        database["events"].update_many({}, {"$set": {"published": True}})
        broker = Broker()
        assert histories.republish(database, broker, since=since) == (5, True)
        assert {record.key for record in broker.records} == {str(old).encode(), str(late).encode()}

    def test_after_a_restore_the_router_has_its_time_again(
        self, published: list[Any], office: Office, database: Database[Document], clock: Clock
    ) -> None:
        office.reports(messages(report("Čeká na směrovač")))
        clock.passes(hours=5)
        assert histories.wait_for_router_again(database, clock() + timedelta(minutes=10)) == 1
        assert MongoStore(database, clock).unrouted(clock(), 10) == []

    def test_what_waits_for_the_relay_is_left_to_it(self, office: Office, database: Database[Document]) -> None:
        office.routed()
        assert histories.republish(database, Broker()) == (0, True)

    def test_a_broker_that_stops_confirming_is_told(self, published: list[Any], database: Database[Document]) -> None:
        assert histories.republish(database, Broker(most=5)) == (5, False)
