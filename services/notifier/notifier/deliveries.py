"""A delivery: one event, one recipient, one way. Its states, when it is tried again, and what a mail server's answer means.

    due ──► sending ──► sent | in_doubt | failed
     │ ▲        │
     │ └────────┘  refused for now, or lost; after a lost end of DATA it may have gone out: `doubts` counts that
     ├──► cancelled   its event was taken back before it was due
     └──► failed      over the cap, no address, cannot be rendered

In doubt (P2): the mail may have gone out more than once, always with the same Message-ID.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from contracts.alarms import AlarmData
from contracts.envelope import Event
from contracts.identity import delivery_id
from contracts.participants import Participant, Proof, Role, Way
from contracts.reports import Part
from contracts.tickets import Coordinates, Snapshot
from contracts.types import Confidentiality, Model
from notifier.addresses import lane_of, mailbox_of, usable
from notifier.audience import Hearing, Mark, Piece, Row

PAUSES = tuple(timedelta(seconds=s) for s in (10, 60, 300, 900, 1800, 3600, 7200, 14400))
"""After each failed attempt; the last one repeats. A greylisting server wants about five minutes."""
GIVE_UP_AFTER = timedelta(days=4)
"""RFC 5321 4.5.4.1: a sender gives up after at least four to five days."""
MOST_DOUBTS = 4
"""A relay that takes the mail and never says so would send it for days: after so many it counts as sent, in doubt."""
OLDEST_EVENT = timedelta(days=14)
"""Old news is no help: a history that is published again must not write to everybody."""


class State(StrEnum):
    """Where a delivery stands."""

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    IN_DOUBT = "in_doubt"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DeliveryPersonal(Model):
    """All that is personal in a delivery; deleted when it has gone out."""

    address: str | None = None
    name: str | None = None
    subject: str | None = None
    text: str | None = None
    place_phrase: str | None = None
    coordinates: Coordinates | None = None
    words: str | None = None
    message_id: str | None = None
    """Of the mail that is being answered."""
    file_names: dict[str, str] = {}


class Delivery(Model):
    """The record, with all that is needed to write the mail. Times are UTC."""

    id: UUID
    event_id: UUID
    ticket_id: UUID
    municipality: str
    confidentiality: Confidentiality
    sequence: int
    happened_at: datetime
    traceparent: str | None = None
    recipient: str
    role: Role
    body: str | None = None
    way: Way
    language: str = "cs"
    from_pack: bool = False
    """The address is the town's own choice (a team, a body), not one that a stranger gave."""
    lane: str = "none"
    """Pseudonym of the recipient's domain: what shares it may be slow together."""
    mailbox: str | None = None
    """Pseudonym of a stranger's address without its `+tag`: what the caps count as one."""
    template: str
    mark: Mark
    case: Snapshot | None = None
    alarm: AlarmData | None = None
    """Of an alarm, which has no case; `ticket_id` is then the alarm's id."""
    reason: str | None = None
    parts: list[Part] = []
    created_at: datetime
    first_due: datetime
    state: State = State.DUE
    due_at: datetime
    attempts: int = 0
    doubts: int = 0
    """How often it may have gone out without our knowing."""
    failure: str | None = None
    status: str | None = None
    """RFC 3463 code of the last refusal."""
    counted_at: datetime | None = None
    """When it was first tried: what the caps count."""
    finished_at: datetime | None = None
    untold: bool = False
    """Its outcome has still to be published."""
    retries: int = 0
    """How often an operator asked for it again."""
    owner: str | None = None
    """The sender that has it in hand."""
    personal: DeliveryPersonal | None = None

    @property
    def cap_key(self) -> str:
        """What a cap counts together: a stranger's mailbox; for the town's own choice only one case at a time."""
        whose = f"{self.recipient}/{self.ticket_id}" if self.from_pack else self.mailbox or self.recipient
        return f"{whose}/{self.mark.value}"

    @property
    def thread(self) -> str:
        """What one person hears of one case: that goes out one after another."""
        return f"{self.ticket_id}/{self.recipient}"


CHANGING = (
    "state", "due_at", "attempts", "doubts", "failure", "status", "counted_at", "finished_at", "untold", "retries",
    "owner", "personal",
)  # fmt: skip
"""The fields that ever change; a store writes these back. Of `personal` only that it is gone."""


def deliveries_of(
    event: Event[Any], heard: Iterable[Hearing], now: datetime, *, pseudonym_key: bytes
) -> list[Delivery]:
    """The records of those who hear of an event; the key makes the names of domains and mailboxes."""
    return [_new(event, hearing.participant, hearing.row, now, pseudonym_key) for hearing in heard]


def _new(event: Event[Any], participant: Participant, row: Row, now: datetime, pseudonym_key: bytes) -> Delivery:
    data, case = event.data, event.data.after
    personal = _carried(event, participant, row)
    first_due = max(now, data.not_before) if data.not_before else now
    delivery = Delivery(
        id=delivery_id(event.id, participant.id, participant.way.value),
        event_id=event.id,
        ticket_id=case.ticket_id,
        municipality=event.municipality,
        confidentiality=event.confidentiality,
        sequence=event.sequence or 1,
        happened_at=event.time,
        traceparent=event.traceparent,
        recipient=participant.id,
        role=participant.role,
        body=_body_code(event, participant),
        way=participant.way,
        language=participant.language,
        from_pack=participant.proof in (Proof.PACK, Proof.STAFF),
        lane=lane_of(pseudonym_key, personal.address),
        mailbox=mailbox_of(pseudonym_key, personal.address),
        template=row.template,
        mark=row.mark,
        case=case,
        reason=row.reason or data.reason,
        parts=getattr(data, "parts", []) if Piece.FILES in row.carries else [],
        created_at=now,
        first_due=first_due,
        due_at=first_due,
        personal=personal,
    )
    if participant.way != Way.EMAIL:
        return failed(delivery, "way-not-served", now)
    if not usable(personal.address):
        return failed(delivery, "no-address", now)
    return failed(delivery, "expired", now) if event.time + OLDEST_EVENT < now else delivery


def _carried(event: Event[Any], participant: Participant, row: Row) -> DeliveryPersonal:
    source = event.data.personal
    if source is None:
        return DeliveryPersonal()
    contact = source.contacts.get(participant.id)
    pieces = {str(piece): getattr(source, piece) for piece in row.carries & _TAKEN_AS_THEY_ARE}
    return DeliveryPersonal(
        address=contact.address if contact else None,
        name=contact.name if contact and Piece.NAME in row.carries else None,
        message_id=source.message_id if participant.role == Role.REPORTER else None,
        file_names=source.file_names if Piece.FILES in row.carries else {},
        **pieces,
    )


_TAKEN_AS_THEY_ARE = frozenset({Piece.SUBJECT, Piece.TEXT, Piece.PLACE, Piece.COORDINATES, Piece.WORDS})


def _body_code(event: Event[Any], participant: Participant) -> str | None:
    if participant.role != Role.BODY:
        return None
    exchange = getattr(event.data, "exchange", None)
    if exchange is not None:
        return str(exchange.body)
    resolver = event.data.after.resolver
    return str(resolver.code) if resolver else None


# What a mail server's answer means.


@dataclass(frozen=True)
class Accepted:
    """The relay said 250 to the end of the mail."""


@dataclass(frozen=True)
class Refused:
    """The relay said no to this mail. `code` by RFC 5321, `status` by RFC 3463."""

    code: int
    status: str | None = None


@dataclass(frozen=True)
class Lost:
    """The connection ended or went silent. `may_have_gone_out`: the mail had been handed over, its answer is missing."""

    may_have_gone_out: bool


Answer = Accepted | Refused | Lost


def tried(delivery: Delivery, now: datetime) -> Delivery:
    """The relay listens: from here on it is an attempt, and counts for the caps."""
    return delivery.model_copy(update={"attempts": delivery.attempts + 1, "counted_at": delivery.counted_at or now})


def handed_over(delivery: Delivery) -> Delivery:
    """About to be handed over: noted before, so that a crash cannot hide that it may have gone out."""
    return delivery.model_copy(update={"state": State.SENDING})


def answered(delivery: Delivery, answer: Answer, now: datetime) -> Delivery:
    """The record after an attempt."""
    if isinstance(answer, Accepted):
        return _finished(delivery, State.IN_DOUBT if delivery.doubts else State.SENT, now, personal=None)
    if isinstance(answer, Refused):
        noted = delivery.model_copy(update={"status": answer.status})
        return failed(noted, "refused", now) if answer.code >= 500 else _again(noted, now)
    if not answer.may_have_gone_out:
        return _again(delivery, now)
    return _again(doubted(delivery), now)


def not_heard(delivery: Delivery, status: str | None, now: datetime) -> Delivery:
    """The relay refused it at MAIL. An attempt, so that it lets others go first; not one that the caps count."""
    return _again(delivery.model_copy(update={"attempts": delivery.attempts + 1, "status": status}), now)


def doubted(delivery: Delivery) -> Delivery:
    """It may have gone out."""
    return delivery.model_copy(update={"doubts": delivery.doubts + 1})


def _again(delivery: Delivery, now: datetime) -> Delivery:
    if delivery.doubts >= MOST_DOUBTS:
        return _finished(delivery, State.IN_DOUBT, now, personal=None)
    if now - delivery.first_due > GIVE_UP_AFTER:
        return failed(delivery, "expired", now)
    pause = PAUSES[min(delivery.attempts, len(PAUSES)) - 1]
    # A spread that comes from the id: those refused together do not come back together.
    spread = 1 + (delivery.id.int % 1000) / 5000
    return put_back(delivery, now + pause * spread)


def put_back(delivery: Delivery, due_at: datetime) -> Delivery:
    """Due again, out of hand."""
    return delivery.model_copy(update={"state": State.DUE, "owner": None, "due_at": due_at})


def failed(delivery: Delivery, reason: str, now: datetime) -> Delivery:
    """Will not be sent. The personal part stays for a while: an operator may ask for it again."""
    return _finished(delivery, State.FAILED, now, failure=reason)


def cancelled(delivery: Delivery, now: datetime) -> Delivery:
    """Will not be sent because nobody is to be told."""
    return _finished(delivery, State.CANCELLED, now, personal=None, untold=False)


def _finished(delivery: Delivery, state: State, now: datetime, **more: Any) -> Delivery:
    # What became of an alarm's mail is no news of any case.
    told = {"untold": delivery.alarm is None}
    return delivery.model_copy(update={"state": state, "owner": None, "finished_at": now, **told, **more})


def asked_again(delivery: Delivery, now: datetime) -> Delivery | None:
    """A failed delivery that an operator wants tried again; None where that cannot be."""
    if delivery.state != State.FAILED or delivery.personal is None or not usable(delivery.personal.address):
        return None
    fresh = {"attempts": 0, "failure": None, "status": None, "finished_at": None, "first_due": now, "untold": False}
    return put_back(delivery, now).model_copy(update={**fresh, "retries": delivery.retries + 1})


def abandoned(delivery: Delivery) -> Delivery:
    """Found in the hand of a sender that died: what it had begun may have gone out."""
    free = delivery.model_copy(update={"state": State.DUE, "owner": None})
    return doubted(free) if delivery.state == State.SENDING else free
