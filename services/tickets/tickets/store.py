"""The cases in MongoDB: the tickets, their history (which is the outbox too), what was handled, numbers, keys.

One transaction per batch: the journal's sync costs the same for one case as for a hundred.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pymongo
from bson.errors import BSONError
from pymongo import ASCENDING, DESCENDING, IndexModel, InsertOne, ReturnDocument, UpdateOne, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern

from contracts.tickets import DeadlineState
from kit.mongo import AWAY, Document, ensure_indexes
from tickets.cases.case import Case
from tickets.cases.keeping import DatabaseAway, DataRefused, Remembered, ReportOutcome, Unit, Written, as_fields
from tickets.cases.recording import StoredEvent

TICKETS, EVENTS, REPORTS, INBOX = "tickets", "events", "reports", "inbox"
COUNTERS, REMEMBERED, TOKENS, LEASES, ALARMS = "counters", "remembered", "tokens", "leases", "alarms"
ACTIVATIONS = "activations"
_COLLECTIONS = (TICKETS, EVENTS, REPORTS, INBOX, COUNTERS, REMEMBERED, TOKENS, LEASES, ALARMS, ACTIVATIONS)
# Longer than a topic keeps a record, so that a repeat is known as long as there can be one.
_INBOX_KEPT = timedelta(days=40)
_REMEMBERED_KEPT = timedelta(days=2)
_TRANSACTION_SECONDS = 15
_TIMES = 5

T = TypeVar("T")


def _there(field: str) -> Document:
    return {"partialFilterExpression": {field: {"$exists": True}}}


_NEWEST = {"opened_at": DESCENDING, "_id": DESCENDING}
_LISTED: tuple[list[str], ...] = (
    [],
    ["state"],
    ["category"],
    ["solvers"],
    ["words"],
    ["state", "category"],
    ["state", "solvers"],
)
_UNPUBLISHED = {"partialFilterExpression": {"published": False}}

INDEXES: Mapping[str, Sequence[IndexModel]] = {
    TICKETS: [
        *(IndexModel({"municipality": 1, **dict.fromkeys(fields, 1), **_NEWEST}) for fields in _LISTED),
        IndexModel({"municipality": 1, "due_at": 1, "_id": 1}, **_there("due_at")),
        IndexModel({"municipality": 1, "solvers": 1, "due_at": 1, "_id": 1}, **_there("due_at")),
        IndexModel({"municipality": 1, "number": 1}, unique=True, **_there("number")),
        IndexModel({"route_by": 1}, **_there("route_by")),
    ],
    EVENTS: [
        IndexModel({"ticket_id": 1, "sequence": 1}, unique=True),
        IndexModel({"at": 1}, name="unpublished_oldest", **_UNPUBLISHED),
        IndexModel({"ticket_id": 1, "sequence": 1, "published": 1}, name="unpublished_of_ticket", **_UNPUBLISHED),
    ],
    REPORTS: [IndexModel({"ticket_id": 1, "received_at": 1})],
    INBOX: [IndexModel({"at": 1}, expireAfterSeconds=int(_INBOX_KEPT.total_seconds()))],
    REMEMBERED: [IndexModel({"at": 1}, expireAfterSeconds=int(_REMEMBERED_KEPT.total_seconds()))],
    ACTIVATIONS: [IndexModel({"municipality": 1, "at": DESCENDING})],
    TOKENS: [IndexModel({"digest": 1}, unique=True), IndexModel({"pseudonym": 1}, sparse=True)],
}


def prepare(database: Database[Document]) -> None:
    """Makes collections and indexes; again and again without harm."""
    existing = set(database.list_collection_names())
    for name in _COLLECTIONS:
        if name not in existing:
            # Inside a transaction a collection that is not there yet makes trouble.
            database.create_collection(name)
        ensure_indexes(database[name], INDEXES.get(name, ()))


def document_of(case: Case) -> Document:
    """A case as it is stored: its fields without those that are None, and what queries ask for."""
    document = case.model_dump(exclude_none=True)
    document["_id"] = document.pop("id")
    document["solvers"] = sorted(case.solvers)
    due = [deadline.due for deadline in case.deadlines if deadline.state == DeadlineState.RUNNING]
    if due:
        document["due_at"] = min(due)
    return document


def case_of(document: Mapping[str, Any]) -> Case:
    """The case of a document."""
    return Case.model_validate({**document, "id": document["_id"]})


def event_document(event: StoredEvent) -> Document:
    """An event as it is stored: its JSON as it travels, and what is asked for in queries."""
    document: Document = {
        "_id": event.id,
        "ticket_id": event.ticket_id,
        "municipality": event.municipality,
        "sequence": event.sequence,
        "type": event.type,
        "at": event.at,
        "published": False,
        "body": event.body,
    }
    if event.withheld is not None:
        document["withheld"] = event.withheld
    return document


def _update(before: Case, after: Case) -> UpdateOne:
    """Writes only the fields that changed, so that only their indexes are touched."""
    old, new = document_of(before), document_of(after)
    change: Document = {"$set": {name: value for name, value in new.items() if old.get(name) != value}}
    gone = {name: "" for name in old if name not in new}
    if gone:
        change["$unset"] = gone
    return UpdateOne({"_id": before.id, "version": before.version}, change)


class _Interfered(Exception):
    """A case was changed between reading and writing."""


class MongoUnit:
    """One transaction on MongoDB; see `Unit`."""

    def __init__(self, database: Database[Document], session: ClientSession, now: datetime) -> None:
        self._database, self._session, self._now = database, session, now

    def known_reports(self, ids: Collection[UUID]) -> set[UUID]:
        """Which reports were handled before."""
        return self._existing(REPORTS, ids)

    def handled(self, ids: Collection[UUID]) -> set[UUID]:
        """Which events were handled before."""
        return self._existing(INBOX, ids)

    def cases(self, ids: Collection[UUID]) -> dict[UUID, Case]:
        """The cases that exist."""
        found = self._database[TICKETS].find({"_id": {"$in": list(ids)}}, session=self._session)
        return {document["_id"]: case_of(document) for document in found}

    def case_ids(self, municipality: str, numbers: Collection[str]) -> dict[str, UUID]:
        """Cases by their numbers."""
        query = {"municipality": municipality, "number": {"$in": list(numbers)}}
        found = self._database[TICKETS].find(query, {"number": 1}, session=self._session)
        return {document["number"]: document["_id"] for document in found}

    def staff(self, pseudonyms: Collection[str]) -> set[str]:
        """Which pseudonyms are those of members of staff whose token holds."""
        if not pseudonyms:
            return set()
        query = {"pseudonym": {"$in": list(pseudonyms)}, "revoked": False, "expires": {"$gt": self._now}}
        return {document["pseudonym"] for document in self._database[TOKENS].find(query, session=self._session)}

    def take_numbers(self, municipality: str, year: int, count: int) -> int:
        """Takes numbers; returns the first."""
        counter = self._database[COUNTERS].find_one_and_update(
            {"_id": f"{municipality}/{year}"},
            {"$inc": {"value": count}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=self._session,
        )
        return int((counter or {"value": count})["value"]) - count + 1

    def remembered(self, key: str) -> Remembered | None:
        """What a request with this key did."""
        document = self._database[REMEMBERED].find_one({"_id": key}, session=self._session)
        if document is None:
            return None
        return Remembered(key, document["digest"], document["ticket_id"], document["version"], document["at"])

    def write(self, written: Written) -> None:
        """Writes all."""
        self._insert(REPORTS, [{"_id": report.id, **as_fields(report)} for report in written.reports])
        self._insert(INBOX, [{"_id": event_id, "at": self._now} for event_id in written.handled])
        self._insert(TICKETS, [document_of(case) for case in written.opened])
        updates = [_update(before, after) for before, after in written.changed]
        if updates:
            done = self._database[TICKETS].bulk_write(updates, ordered=True, session=self._session)
            if done.matched_count != len(updates):
                raise _Interfered
        self._insert(EVENTS, [event_document(event) for event in written.events])
        for report_id, outcome in written.outcomes.items():
            self._set_outcome(report_id, outcome)
        self._insert(REMEMBERED, [{**vars(one), "_id": one.key} for one in written.remembered])

    def _set_outcome(self, report_id: UUID, outcome: ReportOutcome) -> None:
        change = {"$set": {"outcome": str(outcome)}}
        self._database[REPORTS].update_one({"_id": report_id}, change, session=self._session)

    def _existing(self, collection: str, ids: Collection[UUID]) -> set[UUID]:
        found = self._database[collection].find({"_id": {"$in": list(ids)}}, {"_id": 1}, session=self._session)
        return {document["_id"] for document in found}

    def _insert(self, collection: str, documents: list[Document]) -> None:
        if documents:
            self._database[collection].bulk_write(
                [InsertOne(document) for document in documents], ordered=True, session=self._session
            )


class MongoStore:
    """Where cases are kept; see `Store`. May be used by many threads."""

    def __init__(self, database: Database[Document], clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def transaction(self, work: Callable[[Unit], T]) -> T:
        """Runs `work` in a transaction, again where another one came in between. Raises DatabaseAway, DataRefused."""
        try:
            for _ in range(_TIMES):
                try:
                    return self._once(work)
                except (DuplicateKeyError, _Interfered):
                    # Another process wrote the same: the next time it is read as known.
                    continue
        except AWAY as error:
            raise DatabaseAway from error
        except PyMongoError as error:
            if error.has_error_label("TransientTransactionError"):
                raise DatabaseAway from error
            raise DataRefused(type(error).__name__) from error
        except (BSONError, OverflowError) as error:
            raise DataRefused(type(error).__name__) from error
        raise DataRefused("interfered again and again")

    def _once(self, work: Callable[[Unit], T]) -> T:
        with pymongo.timeout(_TRANSACTION_SECONDS), self._database.client.start_session() as session:
            return session.with_transaction(
                lambda session: work(MongoUnit(self._database, session, self._clock())),
                read_concern=ReadConcern("snapshot"),
                write_concern=WriteConcern(w="majority", j=True),
            )

    def unrouted(self, now: datetime, limit: int) -> list[UUID]:
        """Cases whose time for a routing is over, the longest waiting first."""
        try:
            query = {"route_by": {"$lte": now}}
            found = self._database[TICKETS].find(query, {"_id": 1}).sort("route_by", ASCENDING).limit(limit)
            return [document["_id"] for document in found]
        except PyMongoError as error:
            raise DatabaseAway from error
