"""Publishes stored events in order: n+1 of a ticket only after n is confirmed (P3).

Correct by construction: of the tickets with unpublished events all unpublished events are read in one snapshot, sorted by
sequence, and published in waves that hold one event of each ticket. Polling is the truth; the wake-up only saves time.
One relay at a time holds the lease; two at once could only repeat, never lose.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pymongo import ASCENDING, ReadPreference
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError

from contracts.registry import TICKET_EVENTS
from kit import metrics
from kit.messages import Record
from kit.mongo import Document
from tickets.store import EVENTS, LEASES

POLL_SECONDS = 0.15
LEASE_SECONDS = 20.0
FRESH_LEASE_SECONDS = 17.0
# A batch is begun only with so much of the lease left that it ends within it.
LEAST_LEASE_SECONDS = 12.0
_BATCH = 500

Publish = Callable[[Sequence[Record]], list[bool]]

logger = logging.getLogger(__name__)


class Lease:
    """The right to be the one relay, for a while. The database's clock decides, so that ours need not agree."""

    def __init__(self, database: Database[Document], holder: str, name: str = "relay") -> None:
        self._leases: Collection[Document] = database[LEASES]
        self._holder, self._name = holder, name
        self._until = 0.0

    def held(self) -> bool:
        """Takes or prolongs the lease; true while it holds for long enough to work under it."""
        if self.seconds_left() > FRESH_LEASE_SECONDS:
            return True
        started = time.monotonic()
        ours = self._taken() or (self._made() and self._taken())
        self._until = started + LEASE_SECONDS if ours else 0.0
        return self.seconds_left() >= LEAST_LEASE_SECONDS

    def _taken(self) -> bool:
        free = {"$or": [{"holder": self._holder}, {"$expr": {"$lt": ["$until", "$$NOW"]}}]}
        taken = [{"$set": {"holder": self._holder, "until": {"$add": ["$$NOW", int(LEASE_SECONDS * 1000)]}}}]
        return self._leases.update_one({"_id": self._name, **free}, taken).matched_count == 1

    def _made(self) -> bool:
        """Makes the lease where there is none, as one that has run out, so that the database's clock decides here too."""
        with suppress(DuplicateKeyError):
            self._leases.insert_one({"_id": self._name, "holder": None, "until": datetime.fromtimestamp(0, UTC)})
            return True
        return False

    def seconds_left(self) -> float:
        """How long it is still ours."""
        return self._until - time.monotonic()

    def give_back(self) -> None:
        """Lets another relay begin at once."""
        self._until = 0.0
        self._leases.delete_one({"_id": self._name, "holder": self._holder})


@dataclass(frozen=True)
class Unpublished:
    """One event that waits."""

    id: UUID
    ticket_id: UUID
    body: str


class Relay:
    """Runs in a thread of the worker."""

    def __init__(self, database: Database[Document], publish: Publish, lease: Lease) -> None:
        self._database, self._publish, self._lease = database, publish, lease
        self._events: Collection[Document] = database[EVENTS]
        self._wake = threading.Event()
        self._behind_since: float | None = None
        self._trouble: str | None = None

    def wake(self) -> None:
        """Something was stored: do not wait for the next turn."""
        self._wake.set()

    def check(self) -> str | None:
        """Readiness: None while events go out, or another relay holds the lease."""
        if self._behind_since is not None and time.monotonic() - self._behind_since > 30:
            return self._trouble or "relay-behind"
        return None

    def run(self, stop: threading.Event) -> None:
        """Publishes until `stop` is set."""
        pause = POLL_SECONDS
        while not stop.is_set():
            try:
                published = self.turn()
                pause = POLL_SECONDS
            except PyMongoError as error:
                logger.warning("relay_waits", extra={"dependency": "mongodb", "error": type(error).__name__})
                self._note("database-away", waiting=True)
                published, pause = 0, min(pause * 2, 5.0)
            if not published:
                self._wake.wait(pause)
            self._wake.clear()
        try:
            self._lease.give_back()
        except PyMongoError:
            logger.info("lease_not_given_back")

    def turn(self) -> int:
        """Publishes what waits, up to some hundred tickets, if the lease is ours; returns how many events were confirmed."""
        waiting = self._waiting() if self._lease.held() else []
        if not waiting:
            self._note(None, waiting=False)
            metrics.UNPUBLISHED_AGE.set(0)
            return 0
        confirmed = publish_in_order(waiting, self._publish, self._has_time)
        if confirmed:
            self._events.update_many({"_id": {"$in": confirmed}}, {"$set": {"published": True}})
        self._note("broker-away" if not confirmed else None, waiting=not confirmed)
        return len(confirmed)

    def _waiting(self) -> list[list[Unpublished]]:
        """The unpublished events by ticket, in order; the tickets that wait longest first."""
        with self._database.client.start_session(snapshot=True) as session:
            events = self._events.with_options(read_preference=ReadPreference.PRIMARY)
            oldest = events.find({"published": False}, {"ticket_id": 1, "at": 1}, session=session)
            rows = list(oldest.sort("at", ASCENDING).limit(_BATCH))
            if not rows:
                return []
            metrics.UNPUBLISHED_AGE.set(max(0.0, (datetime.now(UTC) - rows[0]["at"]).total_seconds()))
            tickets: dict[UUID, list[Unpublished]] = {row["ticket_id"]: [] for row in rows}
            query = {"ticket_id": {"$in": list(tickets)}, "published": False}
            order = [("ticket_id", ASCENDING), ("sequence", ASCENDING)]
            for row in events.find(query, {"ticket_id": 1, "body": 1}, session=session).sort(order):
                tickets[row["ticket_id"]].append(Unpublished(row["_id"], row["ticket_id"], row["body"]))
        return list(tickets.values())

    def _has_time(self) -> bool:
        return self._lease.seconds_left() >= LEAST_LEASE_SECONDS

    def _note(self, trouble: str | None, *, waiting: bool) -> None:
        self._trouble = trouble
        if not waiting:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = time.monotonic()


def publish_in_order(
    waiting: Sequence[Sequence[Unpublished]], publish: Publish, has_time: Callable[[], bool] = lambda: True
) -> list[UUID]:
    """Publishes in waves of one event per ticket; a ticket whose event is not confirmed gets no further. Returns the confirmed."""
    confirmed: list[UUID] = []
    going = [list(events) for events in waiting]
    while going and has_time():
        wave = [events[0] for events in going]
        results = publish([record_of(event.ticket_id, event.body) for event in wave])
        confirmed += [event.id for event, done in zip(wave, results, strict=True) if done]
        going = [events[1:] for events, done in zip(going, results, strict=True) if done and len(events) > 1]
    return confirmed


def record_of(ticket_id: UUID, body: str) -> Record:
    """A stored event as it is published."""
    headers: dict[str, Any] = {"content-type": b"application/cloudevents+json"}
    return Record(TICKET_EVENTS.name, str(ticket_id).encode(), body.encode(), headers)
