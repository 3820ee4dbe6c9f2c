"""A parsed message to the contracts' event data: what travels, how much of it, and under which event. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from contracts import identity, object_keys, reply_token
from contracts.envelope import Event, EventData, new_event
from contracts.participants import Contact, Participant, Proof, Role, Way
from contracts.reply_token import ReplyToken, TokenRole
from contracts.reports import (
    Automatic,
    DeliveryPersonal,
    DeliveryReported,
    ExchangeReceived,
    FollowUp,
    Hints,
    InboundMessage,
    MessagePersonal,
    Original,
    Part,
    PhotoPlace,
    ReportReceived,
)
from contracts.types import Channel, Confidentiality
from intake_email.message.addresses import is_address
from intake_email.message.attachments import Attachment
from intake_email.message.bounces import Returned
from intake_email.message.parsing import Identity, ParsedMessage

SOURCE = "/intake-email"
MAXIMUM_TEXT = 32_000
_MAXIMUM_TEXT_OCTETS = 110_000
"""Of the JSON form: with the other bounds an event stays below its 256 KB also where every letter takes four bytes."""
_MAXIMUM_QUOTE = 8_000
_MAXIMUM_SIGNATURE = 2_000
_MAXIMUM_SUBJECT = 500
_MAXIMUM_DEFECTS = 30


@dataclass(frozen=True, slots=True)
class Arrival:
    """How one message came for one municipality."""

    municipality: str
    tags: tuple[str, ...]
    """What stood after `+` in the recipients of this municipality."""
    received_at: datetime
    size: int
    sha256: str
    report_id: UUID

    @property
    def folder(self) -> str:
        """Where it lies in the object store."""
        return object_keys.report_folder(self.municipality, self.received_at.date(), self.report_id)

    @property
    def original(self) -> Original:
        """The reference to the raw bytes."""
        return Original(
            key=object_keys.raw_key(self.folder),
            envelope_key=object_keys.envelope_key(self.folder),
            size=self.size,
            sha256=self.sha256,
        )


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets that make a pseudonym and prove a reply token."""

    pseudonym: bytes
    reply_tokens: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class StoredPart:
    """What must lie in the object store before the event is published."""

    key: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Registration:
    """An event, the record key under which it travels, and what it refers to."""

    event: Event[Any]
    key: bytes
    stored: tuple[StoredPart, ...]


def arrival(facts: Identity, raw: bytes, *, municipality: str, tags: Sequence[str], received_at: datetime) -> Arrival:
    """The report's identity at this municipality."""
    report_id = identity.email_report_id(
        municipality,
        message_id=facts.message_id,
        date=facts.date,
        sender=facts.sender,
        subject=facts.subject,
        body=facts.body,
    )
    return Arrival(municipality, tuple(tags), received_at, len(raw), hashlib.sha256(raw).hexdigest(), report_id)


def register(message: ParsedMessage, came: Arrival, keys: Keys) -> Registration:
    """The event for a message that could be read."""
    token = _token(came, keys, message.tags)
    if message.returned is not None and _is_delivery_report(message, message.returned, token):
        return _registration(_delivery_reported(message, message.returned, came, keys, token), came, None, ())
    stored, parts = _stored_parts(message.attachments, came)
    text = _beginning(message.text, MAXIMUM_TEXT, _MAXIMUM_TEXT_OCTETS)
    text_key = None
    if text != message.text:
        text_key = object_keys.text_key(came.folder)
        stored.append(StoredPart(text_key, message.text.encode(), "text/plain; charset=utf-8"))
    sender = _participant(message.sender.address if message.sender else None, came, keys, token, message)
    kind = ExchangeReceived if token is not None and token.genuine and token.role is TokenRole.BODY else ReportReceived
    data = kind(
        report_id=came.report_id,
        channel=Channel.EMAIL,
        received_at=came.received_at,
        written_at=message.written_at,
        sender=sender,
        language=message.language,
        original=came.original,
        parts=parts,
        automatic=message.automatic,
        follow_up=_follow_up(token),
        hints=_hints(message, token),
        text_key=text_key,
        defects=list(message.defects)[:_MAXIMUM_DEFECTS],
        personal=_personal(message, text),
    )
    return _registration(data, came, sender if message.sender else None, stored)


def register_unparsable(came: Arrival, keys: Keys, envelope_sender: str | None) -> Registration:
    """The least event for a message that our parsing failed on: it is registered, a person reads the original."""
    token = _token(came, keys)
    address = envelope_sender if envelope_sender and is_address(envelope_sender) else None
    sender = _participant(address, came, keys, token, None)
    data = ReportReceived(
        report_id=came.report_id,
        channel=Channel.EMAIL,
        received_at=came.received_at,
        sender=sender,
        original=came.original,
        # A null return path is the one sign of a machine that needs no parsing.
        automatic=Automatic.GENERATED if envelope_sender == "" else Automatic.NO,
        follow_up=_follow_up(token),
        hints=Hints(tickets=[token.ticket_id] if token is not None and not token.genuine else []),
        defects=["unparsable"],
        personal=MessagePersonal(sender=Contact(address=address)),
    )
    return _registration(data, came, sender if address else None, ())


def _registration(
    data: EventData, came: Arrival, sender: Participant | None, stored: Sequence[StoredPart]
) -> Registration:
    event = new_event(
        data,
        id=identity.event_id(came.report_id, "received"),
        source=SOURCE,
        time=came.received_at,
        subject=came.report_id,
        municipality=came.municipality,
        # Until somebody or something has looked at it, it may be the most private of matters.
        confidentiality=Confidentiality.RESTRICTED,
        traceparent=_traceparent(came),
    )
    key = sender.id if sender is not None else str(came.report_id)
    return Registration(event, key.encode(), tuple(stored))


def _traceparent(came: Arrival) -> str:
    """A trace named after the report, so that a repeat is in the same trace and anybody can find it by the report's id."""
    return f"00-{came.report_id.hex}-{hashlib.sha256(came.report_id.bytes).hexdigest()[:16]}-01"


def _token(came: Arrival, keys: Keys, written: Sequence[str] = ()) -> ReplyToken | None:
    """The token of the address to which it came; a genuine one before one that is not.

    A mail to two of our addresses may come in two transactions, which are one report: the first must know the token of the
    second. So a genuine one that is `written` in To or Cc counts, too.
    """
    tokens = _tokens(came.tags, came, keys)
    genuine = [token for token in (*tokens, *_tokens(written, came, keys)) if token.genuine]
    return next(iter(genuine or tokens), None)


def _tokens(tags: Sequence[str], came: Arrival, keys: Keys) -> list[ReplyToken]:
    found = (reply_token.read(tag, came.municipality, keys.reply_tokens) for tag in tags)
    return [token for token in found if token is not None]


def _follow_up(token: ReplyToken | None) -> FollowUp | None:
    if token is None or not token.genuine:
        return None
    return FollowUp(ticket_id=token.ticket_id, role=token.role, key_id=token.key_id)


def _hints(message: ParsedMessage, token: ReplyToken | None) -> Hints:
    tickets = list(message.own_tickets)
    if token is not None and not token.genuine and token.ticket_id not in tickets:
        tickets.append(token.ticket_id)
    return Hints(numbers=list(message.numbers), tickets=tickets)


def _participant(
    address: str | None, came: Arrival, keys: Keys, token: ReplyToken | None, message: ParsedMessage | None
) -> Participant:
    roles = {TokenRole.BODY: Role.BODY, TokenRole.RESOLVER: Role.RESOLVER}
    genuine = token is not None and token.genuine
    machine = message is not None and message.automatic is not Automatic.NO
    return Participant(
        # Without an address the report stands for its sender: nobody else is meant by that pseudonym.
        id=identity.pseudonym(keys.pseudonym, came.municipality, "email", address)
        if address
        else identity.pseudonym(keys.pseudonym, came.municipality, "report", str(came.report_id)),
        role=roles.get(token.role, Role.REPORTER) if token is not None and genuine else Role.REPORTER,
        way=Way.EMAIL if address else Way.NONE,
        language=(message.language if message else None) or "cs",
        proof=Proof.TOKEN if genuine else Proof.NONE,
        automatic=machine,
    )


def _personal(message: ParsedMessage, text: str) -> MessagePersonal:
    named = [(f"part-{number}", part) for number, part in enumerate(message.attachments, start=1)]
    return MessagePersonal(
        sender=Contact(address=message.sender.address, name=message.sender.name or None)
        if message.sender
        else Contact(),
        subject=_beginning(message.subject, _MAXIMUM_SUBJECT, 4 * _MAXIMUM_SUBJECT) or None,
        text=text,
        quote=_beginning(message.quote, _MAXIMUM_QUOTE, 3 * _MAXIMUM_QUOTE) or None,
        signature=_beginning(message.signature, _MAXIMUM_SIGNATURE, 4 * _MAXIMUM_SIGNATURE) or None,
        file_names={name: part.file_name for name, part in named if part.file_name},
        photo_places=[
            PhotoPlace(part=name, latitude=part.latitude, longitude=part.longitude)
            for name, part in named
            if part.latitude is not None and part.longitude is not None
        ],
        message_id=message.message_id,
        references=list(message.references),
    )


def _stored_parts(attachments: Sequence[Attachment], came: Arrival) -> tuple[list[StoredPart], list[Part]]:
    stored, parts = [], []
    for number, part in enumerate(attachments, start=1):
        name = f"part-{number}"
        key = object_keys.part_key(came.folder, name)
        stored.append(StoredPart(key, part.content, part.media_type))
        parts.append(
            Part(
                name=name,
                key=key,
                kind=part.kind,
                media_type=part.media_type,
                size=len(part.content),
                sha256=hashlib.sha256(part.content).hexdigest(),
                inline=part.inline,
                taken_at=part.taken_at,
                warnings=list(part.warnings),
            )
        )
    return stored, parts


def _is_delivery_report(message: ParsedMessage, returned: Returned, token: ReplyToken | None) -> bool:
    """The standard form always; a server's own words only about a message of ours, else it is a message like any other."""
    bounce_address = token is not None and token.genuine and token.role is TokenRole.BOUNCE
    return message.standard_report or bounce_address or returned.delivery_id is not None


def _delivery_reported(
    message: ParsedMessage, returned: Returned, came: Arrival, keys: Keys, token: ReplyToken | None
) -> DeliveryReported:
    defects = list(message.defects)[:_MAXIMUM_DEFECTS]
    ticket_id = token.ticket_id if token is not None and token.genuine else None
    delivery_id = returned.delivery_id
    if ticket_id is not None and returned.ticket_id not in (None, ticket_id):
        # The signed address and the returned message name different cases; only the address is proven.
        delivery_id = None
        defects.append("returned-message-differs")
    recipient = returned.recipient
    return DeliveryReported(
        report_id=came.report_id,
        channel=Channel.EMAIL,
        received_at=came.received_at,
        original=came.original,
        ticket_id=ticket_id,
        delivery_id=delivery_id,
        action=returned.action,
        status=returned.status,
        recipient=identity.pseudonym(keys.pseudonym, came.municipality, "email", recipient) if recipient else None,
        defects=defects,
        personal=DeliveryPersonal(
            recipient=recipient, diagnostic=_beginning(returned.diagnostic or "", 1_000, 4_000) or None
        ),
    )


def _beginning(text: str, letters: int, octets: int) -> str:
    """As much of a text as fits into both bounds; `octets` counts its JSON form, where quotes and newlines take two."""
    text = text[:letters]
    while (size := len(orjson.dumps(text))) > octets:
        text = text[: min(len(text) - 1, len(text) * octets // size)]
    return text


def data_of(registration: Registration) -> InboundMessage | DeliveryReported:
    """The event's data, for the `parse` command."""
    data: InboundMessage | DeliveryReported = registration.event.data
    return data
