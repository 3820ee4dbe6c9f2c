"""What the cases need of a store, as Protocols and plain records: MongoDB in service (store.py), a fake in unit tests."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from uuid import UUID

from contracts.reports import Original, Part
from contracts.types import Channel
from tickets.cases.case import Case
from tickets.cases.recording import StoredEvent


class ReportOutcome(StrEnum):
    """What became of a report: exactly one of these."""

    OPENED = "opened"
    ADDED = "added"
    EXCHANGE_ANSWER = "exchange_answer"
    DELIVERY_FAILURE = "delivery_failure"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True)
class ReportRecord:
    """A report that was handled. Its id is the key by which a repeat is known."""

    id: UUID
    municipality: str
    outcome: ReportOutcome
    why: str
    """How it was matched: `no-token`, `token-and-sender`, …"""
    received_at: datetime
    original: Original
    channel: Channel
    ticket_id: UUID | None = None
    certainty: float = 1.0
    parts: tuple[Part, ...] = ()
    file_names: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Remembered:
    """What a request with an idempotency key did. `digest` is that of the request's body."""

    key: str
    digest: str
    ticket_id: UUID
    version: int
    at: datetime


@dataclass
class Written:
    """All that one transaction writes."""

    opened: list[Case] = field(default_factory=list)
    changed: list[tuple[Case, Case]] = field(default_factory=list)
    """Before and after."""
    events: list[StoredEvent] = field(default_factory=list)
    reports: list[ReportRecord] = field(default_factory=list)
    outcomes: dict[UUID, ReportOutcome] = field(default_factory=dict)
    """Of reports that were recorded before."""
    handled: list[UUID] = field(default_factory=list)
    """Ids of events from other services, so that a repeat is known."""
    remembered: list[Remembered] = field(default_factory=list)


class Unit(Protocol):
    """One transaction: all reads are of one moment, all writes happen together or not at all."""

    def known_reports(self, ids: Collection[UUID]) -> set[UUID]:
        """Which reports were handled before."""

    def handled(self, ids: Collection[UUID]) -> set[UUID]:
        """Which events were handled before."""

    def cases(self, ids: Collection[UUID]) -> dict[UUID, Case]:
        """The cases that exist."""

    def case_ids(self, municipality: str, numbers: Collection[str]) -> dict[str, UUID]:
        """Cases by their numbers."""

    def staff(self, pseudonyms: Collection[str]) -> set[str]:
        """Which pseudonyms are those of members of staff."""

    def take_numbers(self, municipality: str, year: int, count: int) -> int:
        """Takes numbers; returns the first. They are given back where the transaction does not commit."""

    def remembered(self, key: str) -> Remembered | None:
        """What a request with this key did."""

    def write(self, written: Written) -> None:
        """Writes all. A case that was changed meanwhile makes the transaction begin again."""


T = TypeVar("T")


class Store(Protocol):
    """Where cases are kept."""

    def transaction(self, work: Callable[[Unit], T]) -> T:
        """Runs `work` in a transaction, again where another one came in between. Raises DatabaseAway, DataRefused."""

    def unrouted(self, now: datetime, limit: int) -> list[UUID]:
        """Cases whose time for a routing is over, the longest waiting first."""


class DatabaseAway(Exception):
    """The database did not answer: try again later."""


class DataRefused(Exception):
    """The database will never take this: what it was asked to write is at fault. The text is impersonal."""


def as_fields(record: ReportRecord) -> dict[str, Any]:
    """A report as plain values."""
    return {
        "municipality": record.municipality,
        "outcome": str(record.outcome),
        "why": record.why,
        "received_at": record.received_at,
        "original": record.original.model_dump(),
        "channel": str(record.channel),
        "ticket_id": record.ticket_id,
        "certainty": record.certainty,
        "parts": [part.model_dump() for part in record.parts],
        "file_names": record.file_names,
    }
