"""Stored histories as an operator meets them: whether they are whole, and published again for a reader that is rebuilt.

The stored events are the truth (P3): old topics may be gone, every reader can be filled from here.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pymongo import ASCENDING
from pymongo.database import Database

from contracts import history
from kit.messages import Record
from kit.mongo import Document
from tickets.relay import record_of
from tickets.store import EVENTS, TICKETS

BATCH = 500

Publish = Callable[[Sequence[Record]], list[bool]]


@dataclass(frozen=True)
class Fault:
    """A history that is not whole: at which event, and what is wrong there. Impersonal."""

    ticket_id: UUID
    sequence: int
    what: str


def faults(database: Database[Document], municipality: str | None = None) -> Iterator[Fault | None]:
    """One item for each ticket, in no order: None where its history is whole and ends where the ticket stands."""
    wanted = {} if municipality is None else {"municipality": municipality}
    fields = {"version": 1, "chain": 1}
    for ticket in database[TICKETS].find(wanted, fields).batch_size(BATCH):
        rows = database[EVENTS].find({"ticket_id": ticket["_id"]}, {"body": 1, "_id": 0}).sort("sequence", ASCENDING)
        yield fault_of(ticket["_id"], ticket["version"], ticket["chain"], [orjson.loads(row["body"]) for row in rows])


def fault_of(ticket_id: UUID, version: int, chain: str, events: Sequence[dict[str, Any]]) -> Fault | None:
    """What is wrong with one ticket's events, None where they are whole: no gap, every hash right, up to where the ticket stands."""
    broken = history.first_broken_link(events)
    if broken is not None:
        return Fault(ticket_id, broken, "changed-or-missing")
    if len(events) != version:
        return Fault(ticket_id, min(len(events), version) + 1, "ends-elsewhere")
    if events and events[-1]["data"]["chain"]["hash"] != chain:
        return Fault(ticket_id, version, "another-chain")
    return None


def republish(
    database: Database[Document],
    publish: Publish,
    *,
    ticket_id: UUID | None = None,
    municipality: str | None = None,
    since: datetime | None = None,
    tell: Callable[[int], None] = lambda count: None,
) -> tuple[int, bool]:
    """Publishes stored events again, each ticket's in order; returns how many were confirmed, and whether all were.

    Readers know what they had: a repeat changes nothing. What the relay has not published yet is left to it. `since` takes the
    events from then on, and those of cases that wait for the router, whose decision may have been lost on its way.
    """
    wanted: Document = {"published": True}
    if ticket_id is not None:
        wanted["ticket_id"] = ticket_id
    if municipality is not None:
        wanted["municipality"] = municipality
    if since is not None:
        waiting = [row["_id"] for row in database[TICKETS].find({"route_by": {"$exists": True}}, {"_id": 1})]
        wanted["$or"] = [{"at": {"$gte": since}}, {"ticket_id": {"$in": waiting}}]
    order = [("ticket_id", ASCENDING), ("sequence", ASCENDING)]
    confirmed = 0
    batch: list[Record] = []
    for row in database[EVENTS].find(wanted, {"ticket_id": 1, "body": 1}).sort(order).batch_size(BATCH):
        batch.append(record_of(row["ticket_id"], row["body"]))
        if len(batch) == BATCH:
            done = publish(batch)
            confirmed, batch = confirmed + sum(done), []
            tell(confirmed)
            if not all(done):
                return confirmed, False
    done = publish(batch) if batch else []
    return confirmed + sum(done), all(done)


def wait_for_router_again(database: Database[Document], until: datetime) -> int:
    """After a restore all time is over: cases that the router has not decided on would go to the dispatcher. Returns how many."""
    waiting = {"route_by": {"$exists": True, "$lt": until}}
    return database[TICKETS].update_many(waiting, {"$set": {"route_by": until}}).modified_count
