"""What the staff API reads from MongoDB. Every query carries the sight of who asks: what he may not see is not there."""

import base64
import binascii
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from pymongo import ASCENDING, DESCENDING
from pymongo.database import Database

from contracts.types import Confidentiality
from kit.mongo import Document
from tickets.cases.permissions import Reach, Sight
from tickets.cases.words import searched
from tickets.staff.models import ListQuery, Order
from tickets.store import EVENTS, REPORTS, TICKETS

_MESSAGES = ("ticket.opened", "ticket.message_added")
_LONGEST_QUERY_MS = 5000
# What a list shows, and no more: reading documents is most of its work.
_ROW = dict.fromkeys(
    (
        "number", "version", "state", "confidentiality", "channel", "opening.subject", "category", "area", "kind",
        "priority", "urgent", "decided", "resolver", "resolver_name", "team", "place_phrase", "received_at",
        "opened_at", "updated_at", "solved_at", "closed_at", "due_at", "maybe_belongs_to", "reports", "messages",
    ),
    1,
)  # fmt: skip
# Of two words that are both more common than this, either leads to a page soon.
_COUNTED = 20_000
_COUNTS_KEPT_SECONDS, _MOST_COUNTS = 600.0, 20_000


class CursorRefused(ValueError):
    """A cursor that we did not make."""


@dataclass(frozen=True)
class Found:
    """A page of documents and the cursor of the next."""

    documents: list[Document]
    next: str | None


def sight_filter(sight: Sight) -> Document:
    """`Sight.sees` as a query: the same table, so that no read path can differ."""
    every = sorted(str(degree) for degree, reach in sight.reach.items() if reach == Reach.ALL)
    own = sorted(str(degree) for degree, reach in sight.reach.items() if reach == Reach.OWN)
    if not own:
        return {"municipality": sight.municipality, "confidentiality": {"$in": every}}
    degree, codes = {"confidentiality": {"$in": own}}, sorted({sight.person, *sight.teams})
    solved, entered = {**degree, "solvers": {"$in": codes}}, {**degree, "entered_by": {"$in": codes}}
    return {"municipality": sight.municipality, "$or": [{"confidentiality": {"$in": every}}, solved, entered]}


class WordCounts:
    """How many cases have a word, up to a bound, as it was within ten minutes: which of two is rarer does not change sooner."""

    def __init__(self, count: Callable[[str, str], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._count, self._clock = count, clock
        self._known: dict[tuple[str, str], tuple[int, float]] = {}

    def of(self, municipality: str, word: str) -> int:
        """Cases of the municipality with the word."""
        key = (municipality, word)
        count, until = self._known.get(key, (0, 0.0))
        if self._clock() >= until:
            count = self._count(municipality, word)
            if len(self._known) >= _MOST_COUNTS:
                self._known.clear()
            self._known[key] = (count, self._clock() + _COUNTS_KEPT_SECONDS)
        return count


class Queries:
    """Reads of the API; may be used by many threads."""

    def __init__(self, database: Database[Document]) -> None:
        self._tickets, self._events, self._reports = database[TICKETS], database[EVENTS], database[REPORTS]
        self._counts = WordCounts(self._count)

    def ticket(self, sight: Sight, ticket_id: UUID) -> Document | None:
        """One ticket, None where there is none for whoever asks."""
        found = self._tickets.find_one({"_id": ticket_id}, {"words": 0})
        return self._with_seen_only(sight, [found])[0] if found is not None and self.sees(sight, found) else None

    def sees(self, sight: Sight, ticket: Mapping[str, Any]) -> bool:
        """Whether a stored ticket is there for whoever asks."""
        insiders = [*ticket["solvers"], *([ticket["entered_by"]] if "entered_by" in ticket else [])]
        return sight.sees(ticket["municipality"], Confidentiality(ticket["confidentiality"]), insiders)

    def tickets(self, sight: Sight, query: ListQuery, now: datetime) -> Found:
        """A page of tickets. Raises CursorRefused."""
        wanted = sight_filter(sight)
        if query.state is not None:
            wanted["state"] = str(query.state)
        if query.category is not None:
            wanted["category"] = query.category
        if query.resolver is not None:
            wanted["solvers"] = query.resolver
        if query.number is not None:
            wanted["number"] = query.number
        if query.q is not None and query.q.strip():
            words = searched(query.q)
            if not words:
                return Found([], None)
            # The database begins with the first word and looks at all cases that have it.
            wanted["words"] = {"$all": self._rarest_first(sight.municipality, words)}
        field, direction = _order(query)
        if field == "due_at":
            wanted["due_at"] = {"$lt": now} if query.late else {"$exists": True}
        after = _after(query.cursor, _kind(query), field, direction)
        if after:
            wanted = {"$and": [wanted, after]}
        order = [(field, direction), ("_id", direction)]
        found = list(self._tickets.find(wanted, _ROW).sort(order).limit(query.limit + 1).max_time_ms(_LONGEST_QUERY_MS))
        page = self._with_seen_only(sight, found[: query.limit])
        more = len(found) > query.limit
        return Found(page, _cursor(_kind(query), page[-1][field], page[-1]["_id"]) if more else None)

    def history(self, ticket_id: UUID, cursor: str | None, limit: int) -> Found:
        """A page of a ticket's events. Whether the ticket may be seen was asked before."""
        return self._part(ticket_id, cursor, limit, {})

    def messages(self, ticket_id: UUID, cursor: str | None, limit: int) -> Found:
        """A page of a ticket's conversation."""
        return self._part(ticket_id, cursor, limit, {"type": {"$in": _MESSAGES}})

    def event(self, ticket_id: UUID, sequence: int) -> Document | None:
        """One event of a ticket."""
        return self._events.find_one({"ticket_id": ticket_id, "sequence": sequence})

    def report(self, sight: Sight, report_id: UUID) -> Document | None:
        """What became of a report. One of no ticket is for those who see all that is restricted."""
        found = self._reports.find_one({"_id": report_id, "municipality": sight.municipality})
        if found is None:
            return None
        if found.get("ticket_id") is None:
            return found if sight.reach[Confidentiality.RESTRICTED] == Reach.ALL else None
        return found if self.ticket(sight, found["ticket_id"]) is not None else None

    def _with_seen_only(self, sight: Sight, tickets: list[Document]) -> list[Document]:
        """The tickets, naming only those others that whoever asks sees too: one may have been sealed since it was named."""
        named = {other for ticket in tickets for other in ticket["maybe_belongs_to"]}
        if not named:
            return tickets
        query = {"_id": {"$in": list(named)}, **sight_filter(sight)}
        seen = {found["_id"] for found in self._tickets.find(query, {"_id": 1})}
        return [
            {**ticket, "maybe_belongs_to": [other for other in ticket["maybe_belongs_to"] if other in seen]}
            for ticket in tickets
        ]

    def _rarest_first(self, municipality: str, words: list[str]) -> list[str]:
        return sorted(words, key=lambda word: self._counts.of(municipality, word)) if len(words) > 1 else words

    def _count(self, municipality: str, word: str) -> int:
        return self._tickets.count_documents({"municipality": municipality, "words": word}, limit=_COUNTED)

    def _part(self, ticket_id: UUID, cursor: str | None, limit: int, further: Document) -> Found:
        after = _sequence(cursor)
        query = {"ticket_id": ticket_id, "sequence": {"$gt": after}, **further}
        fields = {"body": 1, "withheld": 1, "sequence": 1}
        found = list(self._events.find(query, fields).sort("sequence", ASCENDING).limit(limit + 1))
        page = found[:limit]
        return Found(page, _encoded([page[-1]["sequence"]]) if len(found) > limit else None)


def _order(query: ListQuery) -> tuple[str, int]:
    if query.late or query.sort == Order.DUE:
        return "due_at", ASCENDING
    return "opened_at", ASCENDING if query.sort == Order.OLDEST else DESCENDING


def _kind(query: ListQuery) -> str:
    """The order of a list: a cursor of one leads nowhere in another."""
    return str(Order.DUE if query.late else query.sort)


def _after(cursor: str | None, kind: str, field: str, direction: int) -> Document | None:
    """What comes after the last ticket of the page before. Written so that the index can begin there."""
    if cursor is None:
        return None
    match _decoded(cursor):
        case [str(order), int(milliseconds), str(hexadecimal)] if order == kind and abs(milliseconds) < 1 << 62:
            try:
                moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
                last = UUID(hexadecimal)
            except (ValueError, OverflowError, OSError):
                raise CursorRefused from None
        case _:
            raise CursorRefused
    further, or_same = ("$gt", "$gte") if direction == ASCENDING else ("$lt", "$lte")
    return {field: {or_same: moment}, "$or": [{field: {further: moment}}, {"_id": {further: last}}]}


def _cursor(kind: str, moment: datetime, ticket_id: UUID) -> str:
    return _encoded([kind, round(moment.timestamp() * 1000), ticket_id.hex])


def _sequence(cursor: str | None) -> int:
    if cursor is None:
        return 0
    match _decoded(cursor):
        case [int(sequence)] if 0 <= sequence < 1 << 31:
            return sequence
    raise CursorRefused


def _encoded(values: list[object]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def _decoded(cursor: str) -> object:
    try:
        content: object = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise CursorRefused from None
    return content
