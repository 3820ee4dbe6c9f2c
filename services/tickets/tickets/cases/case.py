"""A case as it stands, and the drafts of the events that tell what happened to it.

A change is a pure function: a case in, the changed case and its drafts out. The drafts become events when the transaction is
written (recording.py): all of one transaction carry the state that it commits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.history import GENESIS
from contracts.participants import Actor, Contact, Participant, Role
from contracts.reports import Automatic, Part, PhotoPlace
from contracts.tickets import (
    Coordinates,
    Deadline,
    Decision,
    Exchange,
    FurtherMatter,
    Resolver,
    ResolverKind,
    Snapshot,
    TicketData,
    TicketState,
)
from contracts.types import (
    Channel,
    Code,
    Confidentiality,
    Instant,
    Kind,
    Language,
    Model,
    ObjectKey,
    Priority,
    ReportId,
    Sha256,
    TicketNumber,
)


class Party(Model):
    """Somebody who takes part, and how to reach him."""

    participant: Participant
    contact: Contact = Contact()


class Opening(Model):
    """What the case began with: all that a resolver needs to begin. Personal."""

    report_id: ReportId | None = None
    subject: str | None = None
    text: str | None = None
    content_key: ObjectKey | None = None
    """Where the whole text lies, if `text` holds only its beginning."""
    original_key: ObjectKey | None = None
    message_id: str | None = None
    automatic: Automatic = Automatic.NO
    parts: list[Part] = []
    file_names: dict[str, str] = {}
    photo_places: list[PhotoPlace] = []


class Promise(Model):
    """By when the case was promised to be solved before anybody waited for anybody."""

    due: Instant
    whole_days: bool
    """A term in days: it ends with a day."""
    why: Code


class Case(Model):
    """One ticket. `version` is the sequence of its last event, `chain` that event's hash."""

    id: UUID
    municipality: Code
    version: int = 0
    chain: Sha256 = GENESIS
    confidentiality: Confidentiality = Confidentiality.RESTRICTED
    number: TicketNumber | None = None
    state: TicketState = TicketState.OPENED
    channel: Channel
    language: Language | None = None
    category: Code | None = None
    area: Code | None = None
    kind: Kind | None = None
    priority: Priority | None = None
    urgent: bool = False
    decided: bool = False
    resolver: Resolver | None = None
    resolver_name: str | None = None
    """Personal: of the member of staff who solves it; teams and bodies have theirs in the pack."""
    team: Code | None = None
    """The town's team that answers for it, also beside an outside body."""
    district: Code | None = None
    received_at: Instant
    opened_at: Instant
    updated_at: Instant
    solved_at: Instant | None = None
    closed_at: Instant | None = None
    route_by: Instant | None = None
    """Without a routing by then the dispatcher gets it; None when that is settled."""
    deadlines: list[Deadline] = []
    promise: Promise | None = None
    waited_seconds: int = 0
    """How long its clock has stood so far, so that a correction does not take that time back."""
    exchanges: list[Exchange] = []
    failed_deliveries: list[UUID] = []
    """Of which somebody was told: a mail server may report one mail again and again."""
    maybe_belongs_to: list[UUID] = []
    reports: int = 0
    messages: int = 0
    decision: Decision | None = None
    further: list[FurtherMatter] = []
    """Other matters of its first message, which a person may make cases of their own."""
    parties: list[Party] = []
    opening: Opening = Opening()
    entered_by: Code | None = None
    """The member of staff who entered it for somebody."""
    reply_to: str | None = None
    """Message-ID of the reporter's latest message, for In-Reply-To."""
    place_phrase: str | None = None
    coordinates: Coordinates | None = None
    words: list[str] = []
    """What it is found by; see words.py."""

    @property
    def solvers(self) -> set[str]:
        """Codes of who solves it and of the team that answers for it."""
        codes = (self.resolver.code if self.resolver is not None else None, self.team)
        return {code for code in codes if code is not None}

    @property
    def insiders(self) -> set[str]:
        """Codes of those whose own case it is to read: who solves it, and who entered it."""
        return self.solvers | ({self.entered_by} if self.entered_by is not None else set())

    @property
    def reporters(self) -> tuple[Party, ...]:
        """Those who reported it."""
        return tuple(party for party in self.parties if party.participant.role == Role.REPORTER)


@dataclass(frozen=True)
class Cause:
    """Why something changes now: who did it, the event or request behind it, and when."""

    actor: Actor
    at: datetime
    id: UUID | None = None
    traceparent: str | None = None


@dataclass(frozen=True)
class Draft:
    """An event to be: everything but what the transaction decides (sequence, snapshot, chain, salt)."""

    kind: type[TicketData]
    cause: Cause
    concerned: Sequence[Party] = ()
    """Those who shall hear of it."""
    changed: tuple[str, ...] = ()
    """Which fields of `FOLLOWED` it changes; their values are taken when it is recorded."""
    personal: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `TicketPersonal` beside salt and contacts."""
    reason: str | None = None
    content_key: str | None = None
    """Where the whole text lies, if only its beginning travels."""
    original_key: str | None = None
    """Named instead where no content may travel at all."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What this kind of event has of its own."""


Change = tuple[Case, list[Draft]]


def changed(case: Case, cause: Cause, **fields: Any) -> Case:
    """The case with new values. Its time never goes back, so that a clock that does cannot turn its history round."""
    return case.model_copy(update={**fields, "updated_at": max(case.updated_at, cause.at)})


def snapshot(case: Case) -> Snapshot:
    """The impersonal picture that every event carries."""
    return Snapshot(
        ticket_id=case.id,
        number=case.number,
        state=case.state,
        channel=case.channel,
        language=case.language,
        category=case.category,
        area=case.area,
        kind=case.kind,
        priority=case.priority,
        urgent=case.urgent,
        decided=case.decided,
        resolver=case.resolver,
        district=case.district,
        received_at=case.received_at,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        deadlines=case.deadlines,
        exchanges=case.exchanges,
        maybe_belongs_to=case.maybe_belongs_to,
        reports=case.reports,
        messages=case.messages,
    )


def _due(case: Case | None) -> str | None:
    return case.deadlines[0].due.isoformat() if case is not None and case.deadlines else None


def _resolver(case: Case | None) -> str | None:
    return f"{case.resolver.kind}:{case.resolver.code}" if case is not None and case.resolver is not None else None


def followed(case: Case | None, name: str) -> str | int | bool | None:
    """The value of a field as a change tells it: a code, a number or a time."""
    if name == "resolver":
        return _resolver(case)
    if name == "due":
        return _due(case)
    value: str | int | bool | None = getattr(case, name) if case is not None else None
    return value


def is_with_body(case: Case) -> bool:
    """Whether an outside body solves it."""
    return case.resolver is not None and case.resolver.kind == ResolverKind.BODY
