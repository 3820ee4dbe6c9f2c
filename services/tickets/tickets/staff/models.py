"""What the staff API takes and gives, for validation of what comes in and for the documentation of what goes out."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from contracts.participants import ActorKind
from contracts.reports import Automatic, PartKind
from contracts.tickets import (
    Change,
    Coordinates,
    Deadline,
    Decision,
    Direction,
    Exchange,
    FurtherMatter,
    Matching,
    ResolverKind,
    TicketState,
    Visibility,
)
from contracts.types import Channel, Code, Confidentiality, Kind, Priority, TicketNumber
from tickets.cases.keeping import ReportOutcome
from tickets.staff.fields import Degree, Line, MailAddress, Text

LARGEST_PAGE = 100
Cursor = Annotated[str, Field(max_length=200, json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"})]


class Incoming(BaseModel):
    """Base of what is sent to us: nothing unknown is let in."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Outgoing(BaseModel):
    """Base of what we answer; for the documentation only, answers are not validated again."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Order(StrEnum):
    """How a list is sorted."""

    NEWEST = "newest"
    OLDEST = "oldest"
    DUE = "due"


class ListQuery(Incoming):
    """Which tickets, in which order, and how many at once."""

    state: TicketState | None = None
    category: Code | None = None
    resolver: Code | None = None
    """Code of a team, a body or a member of staff: what it solves or answers for."""
    late: bool = False
    """Only what is past its day; sorted by that day."""
    q: Annotated[str, Field(max_length=200)] | None = None
    """Words that all occur, with or without diacritics, in any case; numbers and addresses too."""
    number: TicketNumber | None = None
    sort: Order = Order.NEWEST
    cursor: Cursor | None = None
    """`next` of the page before."""
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 50


class PageQuery(Incoming):
    """A part of a ticket's history or conversation, in order."""

    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 100


class Reporter(Incoming):
    """For whom a ticket is entered. Both may be missing."""

    name: Annotated[Line, StringConstraints(max_length=200)] | None = None
    address: MailAddress | None = None


class NewTicket(Incoming):
    """Somebody called, came or wrote a letter."""

    text: Text
    subject: Line | None = None
    channel: Channel = Channel.PHONE
    received_at: AwareDatetime | None = None
    """When it came, if not now."""
    place: Line | None = None
    reporter: Reporter = Reporter()
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] = "cs"
    category: Code | None = None
    """Given: classified by hand at once. Otherwise the router decides."""


class NewMessage(Incoming):
    """`public`: an answer that the reporter gets. `internal`: a note for colleagues."""

    text: Text
    visibility: Visibility


class ResolverChoice(Incoming):
    """Who shall solve it."""

    kind: ResolverKind
    code: Code


class NewAssignment(Incoming):
    """A hand-over. A reason is needed where somebody had it before."""

    resolver: ResolverChoice
    reason: Code | None = None
    words: Line | None = None


class NewClassification(Incoming):
    """Category and what goes with it; what is missing comes from the category."""

    category: Code
    kind: Kind | None = None
    priority: Priority | None = None
    confidentiality: Degree | None = None
    urgent: bool = False
    place: Line | None = None
    coordinates: Coordinates | None = None
    reason: Code | None = None
    words: Line | None = None


class NewSplit(Incoming):
    """A further matter of a ticket that becomes a ticket of its own."""

    category: Code
    """What the new ticket is about."""
    text: Text | None = None
    """The sentences that go with it; not given: those of the further matter that was offered under this category."""


class NewState(Incoming):
    """Where the case shall stand. Some changes need a reason; see `ways` of a ticket. The reporter gets the words."""

    state: TicketState
    reason: Code | None = None
    words: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)] | None = None


class AreaOut(Outgoing):
    """The upper level of categories."""

    slug: Code
    name: str


class CategoryOut(Outgoing):
    """A life situation of the pack."""

    slug: Code
    name: str
    area: AreaOut


class ResolverOut(Outgoing):
    """Who solves it."""

    kind: ResolverKind
    code: Code
    name: str


class TicketRow(Outgoing):
    """A ticket in a list."""

    id: UUID
    number: TicketNumber | None
    version: int
    state: TicketState
    confidentiality: Confidentiality
    channel: Channel
    subject: str | None
    category: CategoryOut | None
    kind: Kind | None
    priority: Priority | None
    urgent: bool
    decided: bool
    resolver: ResolverOut | None
    team: Code | None
    place: str | None
    received_at: datetime
    opened_at: datetime
    updated_at: datetime
    solved_at: datetime | None
    closed_at: datetime | None
    due: datetime | None
    late: bool
    maybe_belongs_to: list[UUID]
    reports: int
    messages: int


class ReporterOut(Outgoing):
    """Who reported it."""

    name: str | None
    address: str | None


class PartOut(Outgoing):
    """An attachment; `url` is relative to the API."""

    name: Code
    file_name: str | None
    kind: PartKind
    media_type: str
    size: int
    url: str | None
    warnings: list[Code]


class TicketOut(TicketRow):
    """A ticket with all that belongs to it."""

    text: str | None
    shortened: bool
    """True where `text` is only the beginning; the whole is in the original."""
    reporters: list[ReporterOut]
    parts: list[PartOut]
    report_id: UUID | None
    language: str | None
    district: Code | None
    coordinates: Coordinates | None
    deadlines: list[Deadline]
    exchanges: list[Exchange]
    failed_deliveries: int
    """Mails of this case that did not arrive; the history says which and why."""
    decision: Decision | None
    further: list[FurtherMatter]
    """Other matters of its first message, with their sentences."""
    ways: list[TicketState]
    """Where it may go by hand."""


class TicketPage(Outgoing):
    """`next` is the cursor of the following page, null on the last one."""

    items: list[TicketRow]
    next: str | None


class MessageOut(Outgoing):
    """One message of the conversation, the first being what the case began with."""

    id: UUID
    sequence: int
    at: datetime
    direction: Direction
    visibility: Visibility
    author: ActorKind
    author_id: str | None
    channel: Channel | None
    subject: str | None
    text: str | None
    quote: str | None
    signature: str | None
    shortened: bool
    parts: list[PartOut]
    report_id: UUID | None
    automatic: Automatic
    matched: Matching
    certainty: float


class MessagePage(Outgoing):
    """In the order in which they came."""

    items: list[MessageOut]
    next: str | None


class HistoryEvent(Outgoing):
    """One event. `data` is what the kind of event has of its own; `words` and matched words are personal."""

    id: UUID
    sequence: int
    type: str
    at: datetime
    actor: dict[str, str]
    reason: Code | None
    changes: list[Change]
    words: str | None
    matched_words: list[str]
    further: list[FurtherMatter]
    data: dict[str, object]


class HistoryPage(Outgoing):
    """In order, without a gap."""

    items: list[HistoryEvent]
    next: str | None


class ReportOut(Outgoing):
    """What became of a report."""

    id: UUID
    outcome: ReportOutcome
    ticket_id: UUID | None
    why: Code
    certainty: float
    received_at: datetime
    parts: list[PartOut]


class MeOut(Outgoing):
    """Who the token belongs to."""

    id: str
    name: str | None
    municipality: Code
    roles: list[str]
    teams: list[Code]


class CategoryList(Outgoing):
    """All categories of the town's pack."""

    items: list[CategoryOut]
