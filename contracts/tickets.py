"""Topic `ticket-events`: everything that happens to a ticket. These events, as stored, are the ticket's history."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from contracts.envelope import EventData
from contracts.participants import Actor, Contact, Participant
from contracts.reports import Automatic, Part, PhotoPlace
from contracts.types import (
    BodyNumber,
    Channel,
    Code,
    EnhancedStatus,
    Instant,
    Kind,
    Language,
    Model,
    ObjectKey,
    Priority,
    Pseudonym,
    ReportId,
    Sha256,
    TicketId,
    TicketNumber,
)


class TicketState(StrEnum):
    """Where a ticket stands; what may follow is decided by the life-cycle in tickets."""

    OPENED = "opened"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    WAITING_FOR_REPORTER = "waiting_for_reporter"
    FORWARDED = "forwarded"
    RESOLVED = "resolved"
    REJECTED = "rejected"
    CLOSED = "closed"
    SET_ASIDE = "set_aside"


class ResolverKind(StrEnum):
    """What sort of resolver."""

    TEAM = "team"
    PERSON = "person"
    BODY = "body"


class Resolver(Model):
    """Who solves it: a team or body of the pack, or a member of staff."""

    kind: ResolverKind
    code: Code


class DeadlineKind(StrEnum):
    """What is due."""

    FIRST_ANSWER = "first_answer"
    SOLUTION = "solution"


class DeadlineState(StrEnum):
    """Whether the clock runs."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"


class Deadline(Model):
    """One promise with a date, in the town's calendar."""

    kind: DeadlineKind
    due: Instant
    state: DeadlineState = DeadlineState.RUNNING
    paused_since: Instant | None = None
    why: Code
    """From where the term comes: the category's code, or `by-hand`."""


class ExchangeState(StrEnum):
    """How far a hand-over to an external body is."""

    REQUESTED = "requested"
    SENT = "sent"
    ANSWERED = "answered"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class Exchange(Model):
    """A hand-over to an external body."""

    body: Code
    their_number: BodyNumber | None = None
    state: ExchangeState
    attempt: Annotated[int, Field(ge=1)] = 1


class Snapshot(Model):
    """The case after the change, impersonal: enough for figures and overviews without asking anybody."""

    ticket_id: TicketId
    number: TicketNumber | None = None
    state: TicketState
    channel: Channel
    language: Language | None = None
    category: Code | None = None
    area: Code | None = None
    kind: Kind | None = None
    priority: Priority | None = None
    urgent: bool = False
    decided: bool = False
    """True where rules or a person were sure of the category, false where a person has still to decide."""
    resolver: Resolver | None = None
    district: Code | None = None
    received_at: Instant
    opened_at: Instant
    closed_at: Instant | None = None
    deadlines: list[Deadline] = []
    exchanges: list[Exchange] = []
    maybe_belongs_to: list[TicketId] = []
    reports: Annotated[int, Field(ge=0)] = 1
    messages: Annotated[int, Field(ge=0)] = 1


Scalar = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9:.+_-]{0,79}$", description="A code, number or time as text.")
]


class Change(Model):
    """A field of the snapshot that changed."""

    field: Code
    before: Scalar | int | bool | None = None
    after: Scalar | int | bool | None = None


class Chain(Model):
    """Link to the event before; see history.py."""

    previous: Sha256
    hash: Sha256


class Coordinates(Model):
    """Personal: WGS 84 degrees."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class FurtherMatter(Model):
    """Another matter of a message, and its sentences as written: an offer to a person, never decided."""

    category: Code
    text: str


class TicketPersonal(Model):
    """All of a ticket event that identifies a person or is written by one. Never there for sealed content: see `content_key`."""

    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    contacts: dict[Pseudonym, Contact] = {}
    """How to reach the event's participants: readers have no other source."""
    subject: str | None = None
    text: str | None = None
    quote: str | None = None
    signature: str | None = None
    file_names: dict[str, str] = {}
    photo_places: list[PhotoPlace] = []
    place_phrase: str | None = None
    """The place as the reporter or a clerk wrote it."""
    coordinates: Coordinates | None = None
    matched_words: list[str] = []
    further: list[FurtherMatter] = []
    words: str | None = None
    """A clerk's free words beside the reason's code."""
    message_id: str | None = None
    """Of the e-mail that is being answered, for In-Reply-To; without angle brackets."""


class TicketData(EventData):
    """Base of the ticket events."""

    version: ClassVar[str] = "1.2"
    attributes: ClassVar[tuple[str, ...]] = ("sequence",)

    actor: Actor
    reason: Code | None = None
    reverses: UUID | None = None
    """An undo names the event that it takes back."""
    operation: UUID | None = None
    """One id over all cases that a merge, split or bulk change touches."""
    not_before: Instant | None = None
    """Held until then; can be withdrawn before."""
    participants: list[Participant] = []
    """Those whom this event concerns."""
    changes: list[Change] = []
    after: Snapshot
    content_key: ObjectKey | None = None
    """Where the content lies that may not travel: long or sealed."""
    personal_digest: Sha256
    chain: Chain
    personal: TicketPersonal | None = None


class Matching(StrEnum):
    """How a report was tied to its case."""

    NEW = "new"
    TOKEN = "token"
    BY_HAND = "by_hand"


class TicketOpened(TicketData):
    """A report opened a case: safe and visible, without a number yet."""

    event_type: ClassVar[str] = "ticket.opened"
    report_id: ReportId | None = None
    """None where a member of staff entered the case."""
    automatic: Automatic = Automatic.NO
    parts: list[Part] = []


class TicketNumbered(TicketData):
    """The case has its number: from here the reporter can be told."""

    event_type: ClassVar[str] = "ticket.numbered"


class Candidate(Model):
    """A category with its probability."""

    category: Code
    probability: Annotated[float, Field(ge=0, le=1)]


class Decision(Model):
    """Why a category, kind and resolver were chosen (P7)."""

    decided: bool
    candidates: list[Candidate] = []
    reasons: list[Code] = []
    pack: Sha256 | None = None
    model: Sha256 | None = None
    applied: bool = True
    """False where the case had moved on: then it is only recorded."""


class TicketClassified(TicketData):
    """Category, kind, urgency and place were set for the first time."""

    event_type: ClassVar[str] = "ticket.classified"
    decision: Decision


class TicketCorrected(TicketData):
    """A person set category, kind, urgency or place otherwise than before."""

    event_type: ClassVar[str] = "ticket.corrected"


class TicketAssigned(TicketData):
    """The case has a resolver, or another one. `personal` holds what the resolver needs to begin."""

    event_type: ClassVar[str] = "ticket.assigned"
    previous: Resolver | None = None
    parts: list[Part] = []


class TicketStateChanged(TicketData):
    """The case stands elsewhere in its life-cycle."""

    event_type: ClassVar[str] = "ticket.state_changed"
    previous: TicketState


class Direction(StrEnum):
    """Which way a message goes, seen from the town."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Visibility(StrEnum):
    """Who may read a message."""

    PUBLIC = "public"
    INTERNAL = "internal"


class TicketMessageAdded(TicketData):
    """The conversation went on. The first message of a case is in `ticket.opened`."""

    event_type: ClassVar[str] = "ticket.message_added"
    message_id: UUID
    direction: Direction
    visibility: Visibility
    author: Pseudonym | Code
    channel: Channel | None = None
    report_id: ReportId | None = None
    in_reply_to: UUID | None = None
    matched: Matching
    certainty: Annotated[float, Field(ge=0, le=1)] = 1.0
    automatic: Automatic = Automatic.NO
    parts: list[Part] = []


class TicketExchangeUpdated(TicketData):
    """A hand-over to an external body moved on."""

    event_type: ClassVar[str] = "ticket.exchange_updated"
    exchange: Exchange


class TicketDeliveryUpdated(TicketData):
    """A message to somebody concerned failed for good, is in doubt, or came back."""

    event_type: ClassVar[str] = "ticket.delivery_updated"
    delivery_id: UUID | None = None
    recipient: Pseudonym | None = None
    outcome: Code
    status: EnhancedStatus | None = None
