"""The deliveries in MongoDB: `deliveries`, and `senders`, which says who is alive.

A delivery's id is derived from event, recipient and way, so that inserting it twice is refused by `_id` (P2).
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from itertools import islice
from typing import Any
from uuid import UUID

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne, WriteConcern
from pymongo.database import Database
from pymongo.errors import BulkWriteError
from pymongo.read_concern import ReadConcern

from kit.mongo import AWAY, Document, ensure_indexes
from notifier.audience import Mark
from notifier.deliveries import CHANGING, Delivery, State, asked_again
from notifier.keeping import DatabaseAway, Figures
from notifier.sending.turns import Busy

_DUPLICATE = 11000
_FREE = {"state": State.DUE.value, "owner": None}


class MongoDeliveryStore:
    """Implements DeliveryStore; may be used by many threads."""

    def __init__(self, database: Database[Document]) -> None:
        self._deliveries = database["deliveries"]
        # For what may be lost in a crash, because it would only be done again: nobody waits for the journal.
        self._unsynced = self._deliveries.with_options(
            write_concern=WriteConcern(w=1), read_concern=ReadConcern("local")
        )
        self._senders = database["senders"]

    def prepare(self) -> None:
        """Makes the indexes."""
        of_state = {state: {"state": state.value} for state in (State.DUE, State.FAILED)}
        with _reached():
            ensure_indexes(
                self._deliveries,
                [
                    # Lane and thread stand in the key so that what waits for a slow one is passed over without being read.
                    IndexModel(
                        [("due_at", ASCENDING), ("lane", ASCENDING), ("thread", ASCENDING)],
                        name="due",
                        partialFilterExpression=of_state[State.DUE],
                    ),
                    IndexModel([("owner", ASCENDING)], name="owner", partialFilterExpression={"in_hand": True}),
                    IndexModel([("finished_at", ASCENDING)], name="untold", partialFilterExpression={"untold": True}),
                    IndexModel(
                        [("finished_at", ASCENDING)],
                        name="failed",
                        partialFilterExpression=of_state[State.FAILED],
                    ),
                    IndexModel([("cap_key", ASCENDING), ("counted_at", ASCENDING)], name="caps"),
                    IndexModel([("thread", ASCENDING), ("state", ASCENDING), ("sequence", ASCENDING)], name="thread"),
                    IndexModel([("event_id", ASCENDING)], name="event"),
                    IndexModel([("ticket_id", ASCENDING)], name="ticket"),
                    IndexModel([("created_at", DESCENDING)], name="newest"),
                ],
            )

    def add(self, deliveries: Sequence[Delivery]) -> int:
        """Keeps those that are new by their id; returns how many were."""
        if not deliveries:
            return 0
        with _reached():
            try:
                return len(self._deliveries.insert_many(map(to_document, deliveries), ordered=False).inserted_ids)
            except BulkWriteError as error:
                details = error.details
                if details["writeConcernErrors"] or any(e["code"] != _DUPLICATE for e in details["writeErrors"]):
                    raise DatabaseAway("bulk write") from None
                return int(details["nInserted"])

    def cancel(self, events: Collection[UUID], now: datetime) -> int:
        """Cancels what of these events is due and in nobody's hand; returns how many."""
        if not events:
            return 0
        cancelled = {"state": State.CANCELLED.value, "finished_at": now, "personal": None}
        with _reached():
            return self._deliveries.update_many(
                {"event_id": {"$in": list(events)}, **_FREE}, {"$set": cancelled}
            ).modified_count

    def due(self, now: datetime, *, busy: Busy, limit: int) -> list[Delivery]:
        """Due, in nobody's hand, of no busy lane or thread and behind no earlier one of its thread, the longest due first."""
        query: Document = {**_FREE, "due_at": {"$lte": now}}
        if busy.lanes:
            query["lane"] = {"$nin": busy.lanes}
        if busy.threads:
            query["thread"] = {"$nin": busy.threads}
        found: list[Document] = []
        with _reached():
            candidates = self._deliveries.find(query).sort("due_at").batch_size(limit)
            # Many may wait behind one that was refused for now: looked through in pieces, until enough may go.
            while len(found) < limit and (some := list(islice(candidates, limit))):
                first = self._first_unfinished({document["thread"] for document in some})
                found += [d for d in some if d["sequence"] <= first.get(d["thread"], d["sequence"])]
        return [from_document(document) for document in found[:limit]]

    def _first_unfinished(self, threads: Collection[str]) -> dict[str, int]:
        """The lowest sequence that has not come to its end, by thread."""
        unfinished = {"thread": {"$in": list(threads)}, "state": {"$in": [State.DUE.value, State.SENDING.value]}}
        first = {"$group": {"_id": "$thread", "sequence": {"$min": "$sequence"}}}
        return {one["_id"]: one["sequence"] for one in self._deliveries.aggregate([{"$match": unfinished}, first])}

    def take(self, owner: str, ids: Collection[UUID]) -> set[UUID]:
        """Takes those in hand that are still free; returns which."""
        wanted = list(ids)
        if not wanted:
            return set()
        taken = {"$set": {"owner": owner, "in_hand": True}}
        with _reached():
            result = self._deliveries.update_many({"_id": {"$in": wanted}, **_FREE}, taken)
            if result.modified_count == len(wanted):
                return set(wanted)
            mine = self._deliveries.find({"_id": {"$in": wanted}, "owner": owner}, {"_id": 1})
            return {document["_id"] for document in mine}

    def write_back(self, owner: str, deliveries: Sequence[Delivery]) -> None:
        """Writes the changing fields of those that `owner` has in hand; what another has taken over stays as it is."""
        if not deliveries:
            return
        changes = [UpdateOne({"_id": d.id, "owner": owner}, {"$set": _changing(d)}) for d in deliveries]
        with _reached():
            self._deliveries.bulk_write(changes, ordered=False)

    def tried_since(self, cap_keys: Collection[str], since: datetime) -> dict[str, list[datetime]]:
        """When automatic mails of each cap key were tried since then."""
        query = {"cap_key": {"$in": list(cap_keys)}, "counted_at": {"$gt": since}, "mark": {"$ne": Mark.NONE.value}}
        tried: dict[str, list[datetime]] = {}
        with _reached():
            for document in self._deliveries.find(query, {"cap_key": 1, "counted_at": 1}):
                tried.setdefault(document["cap_key"], []).append(document["counted_at"])
        return tried

    def untold(self, limit: int) -> list[Delivery]:
        """Those whose outcome has still to be published, the longest finished first."""
        with _reached():
            found = self._unsynced.find({"untold": True}).sort("finished_at").limit(limit)
            return [from_document(document) for document in found]

    def told(self, ids: Collection[UUID]) -> None:
        """Their outcome is published."""
        with _reached():
            self._unsynced.update_many({"_id": {"$in": list(ids)}}, {"$set": {"untold": False}})

    def tell_again(self, since: datetime) -> int:
        """For operators: what was finished since then is told once more; returns how many. Its readers know what they had."""
        with _reached():
            finished = {"alarm": None, "finished_at": {"$gte": since}, "state": {"$ne": State.CANCELLED.value}}
            return self._deliveries.update_many(finished, {"$set": {"untold": True}}).matched_count

    def beat(self, owner: str, instance: str, alive_until: datetime) -> None:
        """This sender lives at least until then."""
        alive = {"$set": {"instance": instance, "alive_until": alive_until}}
        with _reached():
            self._senders.update_one({"_id": owner}, alive, upsert=True)

    def take_over(self, owner: str, instance: str, now: datetime) -> int:
        """Frees what dead senders, and earlier ones under the same instance's name, had in hand; returns how many."""
        dead = {"_id": {"$ne": owner}, "$or": [{"alive_until": {"$lt": now}}, {"instance": instance}]}
        freed = 0
        with _reached():
            for sender in list(self._senders.find(dead, {"_id": 1})):
                freed += self._free({"owner": sender["_id"]})
                self._senders.delete_one({"_id": sender["_id"]})
        return freed

    def let_go(self, owner: str, but: Collection[UUID]) -> int:
        """Frees what `owner` has in hand except these; returns how many."""
        with _reached():
            return self._free({"owner": owner, "_id": {"$nin": list(but)}})

    def leave(self, owner: str) -> None:
        """This sender ends: frees what it still had in hand."""
        with _reached():
            self._free({"owner": owner})
            self._senders.delete_one({"_id": owner})

    def _free(self, whose: Document) -> int:
        whose = {**whose, "in_hand": True}
        free = {"owner": None, "in_hand": False, "state": State.DUE.value}
        # What had been handed over may have gone out; see `deliveries.abandoned`.
        begun = {"$set": free, "$inc": {"doubts": 1}}
        freed = self._deliveries.update_many({**whose, "state": State.SENDING.value}, begun).modified_count
        return freed + self._deliveries.update_many({**whose, "state": State.DUE.value}, {"$set": free}).modified_count

    def forget(self, finished_before: datetime) -> int:
        """Deletes the personal part of what was finished before then; returns of how many."""
        query = {"state": State.FAILED.value, "finished_at": {"$lt": finished_before}, "personal": {"$ne": None}}
        with _reached():
            return self._deliveries.update_many(query, {"$set": {"personal": None}}).modified_count

    def figures(self, now: datetime) -> Figures:
        """How much waits."""
        due = {**_FREE, "due_at": {"$lte": now}}
        with _reached():
            oldest = self._deliveries.find_one(due, {"due_at": 1}, sort=[("due_at", ASCENDING)])
            return Figures(
                due=self._deliveries.count_documents(due, limit=10_000),
                oldest_due=oldest["due_at"] if oldest else None,
                untold=self._deliveries.count_documents({"untold": True}, limit=10_000),
            )

    def listing(self, *, state: State | None, ticket: UUID | None, limit: int) -> list[Delivery]:
        """For operators, the newest first."""
        query: Document = {}
        if state is not None:
            query["state"] = state.value
        if ticket is not None:
            query["ticket_id"] = ticket
        with _reached():
            found = self._deliveries.find(query).sort("created_at", DESCENDING).limit(limit)
            return [from_document(document) for document in found]

    def retry(self, id: UUID, now: datetime) -> bool:
        """Makes a failed one due again; False where that cannot be."""
        with _reached():
            document = self._deliveries.find_one({"_id": id})
            again = asked_again(from_document(document), now) if document else None
            if again is None:
                return False
            fresh = {"$set": {**_changing(again), "first_due": again.first_due}}
            return self._deliveries.update_one({"_id": id, "state": State.FAILED.value}, fresh).modified_count == 1


def to_document(delivery: Delivery) -> Document:
    """The record as MongoDB keeps it; ids and times in its own types, so that they can be asked for."""
    plain = delivery.model_dump(exclude={"id", "case", "alarm", "parts", "personal"})
    return {
        "_id": delivery.id,
        **{name: _plain(value) for name, value in plain.items()},
        "case": delivery.case.model_dump(mode="json", exclude_none=True) if delivery.case else None,
        "alarm": delivery.alarm.model_dump(mode="json") if delivery.alarm else None,
        "parts": [part.model_dump(mode="json", exclude_none=True) for part in delivery.parts],
        "cap_key": delivery.cap_key,
        "thread": delivery.thread,
        **_changing(delivery),
        "personal": delivery.personal.model_dump(exclude_none=True) if delivery.personal else None,
    }


def from_document(document: Document) -> Delivery:
    """The record from what MongoDB has."""
    return Delivery.model_validate({**document, "id": document["_id"]})


def _changing(delivery: Delivery) -> Document:
    values: dict[str, Any] = {name: _plain(getattr(delivery, name)) for name in CHANGING if name != "personal"}
    values["in_hand"] = delivery.owner is not None
    if delivery.personal is None:
        # The one way in which it changes; writing it again each time would double what the journal holds.
        values["personal"] = None
    return values


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except AWAY:
        raise DatabaseAway from None
