"""Topic `reports`: what came from outside, normalised, whatever the channel."""

from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from contracts.envelope import EventData
from contracts.participants import Contact, Participant
from contracts.reply_token import TokenRole
from contracts.types import (
    Channel,
    Code,
    EnhancedStatus,
    Instant,
    Language,
    MediaType,
    Model,
    ObjectKey,
    Pseudonym,
    ReportId,
    Sha256,
    TicketId,
    TicketNumber,
)


class Original(Model):
    """The raw bytes as they came and their envelope, kept unchanged in the object store."""

    key: ObjectKey
    envelope_key: ObjectKey
    size: Annotated[int, Field(ge=0)]
    sha256: Sha256


class PartKind(StrEnum):
    """What a part is to a reader, by its true type."""

    IMAGE = "image"
    DOCUMENT = "document"
    AUDIO = "audio"
    VIDEO = "video"
    MESSAGE = "message"
    OTHER = "other"


class Part(Model):
    """One attachment or inline image, kept in the object store. Its file name is personal."""

    name: Code
    """Its name within the report, `part-1`; the key of what the personal part says of it."""
    key: ObjectKey
    kind: PartKind
    media_type: MediaType
    """By content, not by what the sender says."""
    size: Annotated[int, Field(ge=0)]
    sha256: Sha256
    inline: bool = False
    taken_at: Instant | None = None
    """When a photo was taken, by its EXIF."""
    warnings: list[Code] = []
    """`declared-type-differs`, `executable`, `too-many-pixels`, …"""


class Automatic(StrEnum):
    """Whether a machine wrote it (RFC 3834 and its relatives)."""

    NO = "no"
    REPLIED = "replied"
    GENERATED = "generated"
    BULK = "bulk"
    BOUNCE = "bounce"
    OWN = "own"
    """Our own mail that came back."""


class FollowUp(Model):
    """A reply token that the intake has verified by its signature; tickets checks the sender."""

    ticket_id: TicketId
    role: TokenRole
    key_id: Code


class Hints(Model):
    """Weaker signs that a report belongs to a case: never enough to join it."""

    numbers: list[TicketNumber] = []
    tickets: list[TicketId] = []
    """From our own Message-IDs in References, or from a token that does not verify."""


class PhotoPlace(Model):
    """Personal: where a photo was taken, by its EXIF; WGS 84 degrees."""

    part: Code
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class MessagePersonal(Model):
    """All of a message that identifies a person or is written by one."""

    sender: Contact = Contact()
    subject: str | None = None
    text: str = ""
    """What the writer says now, without quoted history and signature. At most 32,000 characters; see `text_key`."""
    quote: str | None = None
    signature: str | None = None
    file_names: dict[str, str] = {}
    """By part name."""
    photo_places: list[PhotoPlace] = []
    message_id: str | None = None
    """Without angle brackets; so in `references`."""
    references: list[str] = []


class InboundMessage(EventData):
    """Base of the messages from outside."""

    version: ClassVar[str] = "1.1"
    report_id: ReportId
    channel: Channel
    received_at: Instant
    written_at: Instant | None = None
    sender: Participant
    language: Language | None = None
    original: Original
    parts: list[Part] = []
    automatic: Automatic = Automatic.NO
    follow_up: FollowUp | None = None
    hints: Hints = Hints()
    text_key: ObjectKey | None = None
    """The whole text, where `personal.text` holds only its beginning."""
    defects: list[Code] = []
    """What was wrong with the message as it came."""
    personal: MessagePersonal


class ReportReceived(InboundMessage):
    """A report came. Ends as exactly one of: opened a ticket, added to one, set aside."""

    event_type: ClassVar[str] = "report.received"


class ExchangeReceived(InboundMessage):
    """An external body answered on a case that we handed to it."""

    event_type: ClassVar[str] = "exchange.received"


class DeliveryAction(StrEnum):
    """RFC 3464 `Action`."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


class DeliveryPersonal(Model):
    """What a delivery report says of a person."""

    recipient: str | None = None
    diagnostic: str | None = None


class DeliveryReported(EventData):
    """A mail server or a gateway says what became of a message that we sent."""

    event_type: ClassVar[str] = "delivery.reported"

    report_id: ReportId
    channel: Channel
    received_at: Instant
    original: Original
    ticket_id: TicketId | None = None
    """From the signed return address; none where it does not verify."""
    delivery_id: UUID | None = None
    """From the Message-ID of the returned message."""
    action: DeliveryAction
    status: EnhancedStatus | None = None
    recipient: Pseudonym | None = None
    defects: list[Code] = []
    personal: DeliveryPersonal
