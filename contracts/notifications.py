"""Topic `notifications`: what became of each message to a person or body."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from contracts.envelope import EventData
from contracts.participants import Role, Way
from contracts.types import Code, EnhancedStatus, Instant, Pseudonym, TicketId


class NotificationData(EventData):
    """One delivery: unique by event, recipient and way."""

    version: ClassVar[str] = "1.1"
    ticket_id: TicketId
    delivery_id: UUID
    event_id: UUID
    recipient: Pseudonym
    role: Role
    body: Code | None = None
    """Where the recipient is an external body."""
    way: Way
    template: Code
    attempts: Annotated[int, Field(ge=0)]
    at: Instant


class NotificationSent(NotificationData):
    """The relay took it. `in_doubt`: it may have gone out twice, with the same Message-ID."""

    event_type: ClassVar[str] = "notification.sent"
    version: ClassVar[str] = "1.2"
    in_doubt: bool = False
    after_failure: bool = False
    """It had failed and was told as such; an operator had it tried again."""


class NotificationFailed(NotificationData):
    """It will not be sent: refused for good, no address, or held back by a cap."""

    event_type: ClassVar[str] = "notification.failed"
    reason: Code
    """`refused`, `no-address`, `capped`, `expired`."""
    status: EnhancedStatus | None = None
