"""Sample reports of the invented town Lipovany, for the examples, the documentation and the tests of every service.

Builders take changes of the event's data by field name.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from contracts import identity, object_keys
from contracts.envelope import Event, EventData, new_event
from contracts.participants import Contact, Participant, Proof, Role, Way
from contracts.reply_token import TokenRole
from contracts.reports import (
    Automatic,
    DeliveryAction,
    DeliveryPersonal,
    DeliveryReported,
    ExchangeReceived,
    FollowUp,
    Hints,
    MessagePersonal,
    Original,
    Part,
    PartKind,
    PhotoPlace,
    ReportReceived,
)
from contracts.types import Channel, Confidentiality

MUNICIPALITY = "lipovany"
PSEUDONYM_KEY = b"for samples only, never for a town"
RECEIVED_AT = datetime(2026, 12, 1, 7, 42, 10, tzinfo=UTC)
TRACEPARENT = "00-5f0a4bbd2f0b5d0e9a536f2f1c1f7a10-9a536f2f1c1f7a10-01"
PACK_DIGEST = hashlib.sha256(b"pack").hexdigest()
MODEL_DIGEST = hashlib.sha256(b"model").hexdigest()
REPORTER_ADDRESS = "obcan@example.test"
BODY_ADDRESS = "poruchy@vodarna.test"

Data = TypeVar("Data", bound=EventData)


def pseudonym_of(address: str) -> str:
    """The pseudonym of an e-mail address in the samples."""
    return identity.pseudonym(PSEUDONYM_KEY, MUNICIPALITY, "email", address)


REPORTER = Participant(id=pseudonym_of(REPORTER_ADDRESS), role=Role.REPORTER, way=Way.EMAIL)
BODY = Participant(id=pseudonym_of(BODY_ADDRESS), role=Role.BODY, way=Way.EMAIL, proof=Proof.PACK)


def report_id_of(subject: str) -> UUID:
    """The id of a sample report; samples differ by their subject."""
    return identity.email_report_id(
        MUNICIPALITY,
        message_id=f"<{hashlib.sha256(subject.encode()).hexdigest()[:16]}@mail.example.test>",
        date="Tue, 1 Dec 2026 08:42:07 +0100",
        sender=REPORTER_ADDRESS,
        subject=subject,
        body=b"",
    )


POTHOLE_SUBJECT = "Výmol v Lipové ulici"
POTHOLE_REPORT = report_id_of(POTHOLE_SUBJECT)
POTHOLE_TICKET = identity.ticket_id(POTHOLE_REPORT)
WATER_SUBJECT = "Neteče voda"
WATER_REPORT = report_id_of(WATER_SUBJECT)
WATER_TICKET = identity.ticket_id(WATER_REPORT)
POTHOLE_TEXT = (
    "Dobrý den,\n\nv Lipové ulici před číslem 12 je v silnici velký výmol, auta ho objíždějí do protisměru. "
    "Posílám fotku.\n\nDěkuji"
)


def original_of(report_id: UUID) -> Original:
    """Where a sample report's original would lie."""
    folder = object_keys.report_folder(MUNICIPALITY, RECEIVED_AT.date(), report_id)
    return Original(
        key=object_keys.raw_key(folder),
        envelope_key=object_keys.envelope_key(folder),
        size=204_800,
        sha256=hashlib.sha256(report_id.bytes).hexdigest(),
    )


def photo_of(report_id: UUID) -> Part:
    """A photo attached to a sample report."""
    return Part(
        name="part-1",
        key=object_keys.part_key(object_keys.report_folder(MUNICIPALITY, RECEIVED_AT.date(), report_id), "part-1"),
        kind=PartKind.IMAGE,
        media_type="image/jpeg",
        size=198_300,
        sha256=hashlib.sha256(b"photo").hexdigest(),
        taken_at=RECEIVED_AT - timedelta(minutes=25),
    )


def _report_event(data: Data, report_id: UUID, purpose: str = "received") -> Event[Data]:
    return new_event(
        data,
        id=identity.event_id(report_id, purpose),
        source="/intake-email",
        time=RECEIVED_AT + timedelta(seconds=1),
        subject=report_id,
        municipality=MUNICIPALITY,
        confidentiality=Confidentiality.RESTRICTED,
        traceparent=TRACEPARENT,
    )


def report_received(subject: str = POTHOLE_SUBJECT, text: str = POTHOLE_TEXT, **changes: Any) -> Event[ReportReceived]:
    """A report by e-mail with a photo; `changes` replace fields of its data."""
    report_id = report_id_of(subject)
    fields: dict[str, Any] = {
        "report_id": report_id,
        "channel": Channel.EMAIL,
        "received_at": RECEIVED_AT,
        "written_at": RECEIVED_AT - timedelta(seconds=3),
        "sender": REPORTER,
        "language": "cs",
        "original": original_of(report_id),
        "parts": [photo_of(report_id)],
        "personal": MessagePersonal(
            sender=Contact(address=REPORTER_ADDRESS),
            subject=subject,
            text=text,
            signature="Odesláno z telefonu",
            file_names={"part-1": "vymol.jpg"},
            photo_places=[PhotoPlace(part="part-1", latitude=49.9421, longitude=15.2683)],
            message_id="<7f3c19@mail.example.test>",
        ),
    }
    return _report_event(ReportReceived(**{**fields, **changes}), report_id)


def plain_personal(subject: str, text: str) -> MessagePersonal:
    """The personal part of a message without attachments."""
    return MessagePersonal(sender=Contact(address=REPORTER_ADDRESS), subject=subject, text=text)


def follow_up() -> Event[ReportReceived]:
    """The reporter answers to our acknowledgement."""
    subject, text = "Re: Váš podnět 2026-000123", "Dobrý den, výmol je po dešti ještě větší."
    return report_received(
        subject,
        text,
        parts=[],
        follow_up=FollowUp(ticket_id=POTHOLE_TICKET, role=TokenRole.REPORTER, key_id="a1"),
        hints=Hints(numbers=["2026-000123"], tickets=[POTHOLE_TICKET]),
        personal=MessagePersonal(
            sender=Contact(address=REPORTER_ADDRESS),
            subject=subject,
            text=text,
            quote="> Děkujeme, Váš podnět jsme zaevidovali pod číslem 2026-000123.",
            message_id="<9a20b4@mail.example.test>",
            references=["<1c4f@lipovany.test>"],
        ),
    )


def forged_token() -> Event[ReportReceived]:
    """Somebody else writes to an address with a token that is not ours."""
    subject = "Re: podnět"
    return report_received(
        subject,
        "Prosím pošlete mi, jak jste to vyřešili.",
        parts=[],
        sender=Participant(id=pseudonym_of("hlasatel-1@example.test"), role=Role.REPORTER, way=Way.EMAIL),
        hints=Hints(tickets=[POTHOLE_TICKET]),
        defects=["token-not-genuine"],
        personal=MessagePersonal(sender=Contact(address="hlasatel-1@example.test"), subject=subject, text="Prosím."),
    )


def long_text() -> Event[ReportReceived]:
    """A text that is too long for an event."""
    subject = "Stížnost na hluk"
    folder = object_keys.report_folder(MUNICIPALITY, RECEIVED_AT.date(), report_id_of(subject))
    return report_received(
        subject,
        parts=[],
        text_key=object_keys.text_key(folder),
        defects=["text-shortened"],
        personal=plain_personal(subject, "Dobrý den, píši Vám již potřetí …"),
    )


def machine_mail() -> Event[ReportReceived]:
    """An answer that a machine wrote."""
    subject = "Automatická odpověď: nejsem v kanceláři"
    personal = plain_personal(subject, "Do 15. prosince jsem mimo kancelář.")
    return report_received(subject, parts=[], automatic=Automatic.REPLIED, personal=personal)


def broken_message() -> Event[ReportReceived]:
    """Bytes that could hardly be read as a message."""
    return report_received(
        "",
        parts=[],
        written_at=None,
        language=None,
        defects=["unparsable", "no-sender"],
        sender=Participant(id=pseudonym_of(str(report_id_of(""))), role=Role.REPORTER),
        personal=MessagePersonal(),
    )


def exchange_received(**changes: Any) -> Event[ExchangeReceived]:
    """The water company answers on a case that was handed to it."""
    subject = "Re: Žádost města Lipovany 2026-000124"
    report_id = report_id_of(subject)
    fields: dict[str, Any] = {
        "report_id": report_id,
        "channel": Channel.EMAIL,
        "received_at": RECEIVED_AT + timedelta(hours=5),
        "sender": BODY,
        "language": "cs",
        "original": original_of(report_id),
        "follow_up": FollowUp(ticket_id=WATER_TICKET, role=TokenRole.BODY, key_id="a1"),
        "personal": MessagePersonal(
            sender=Contact(address=BODY_ADDRESS, name="Vodárna, dispečink poruch"),
            subject=subject,
            text="Poruchu jsme našli, voda poteče do 18 hodin. Naše číslo P-5512/2026.",
        ),
    }
    return _report_event(ExchangeReceived(**{**fields, **changes}), report_id)


def delivery_reported(**changes: Any) -> Event[DeliveryReported]:
    """The reporter's mail server returns an acknowledgement."""
    report_id = report_id_of("Undelivered Mail Returned to Sender")
    fields: dict[str, Any] = {
        "report_id": report_id,
        "channel": Channel.EMAIL,
        "received_at": RECEIVED_AT + timedelta(minutes=2),
        "original": original_of(report_id),
        "ticket_id": POTHOLE_TICKET,
        "delivery_id": identity.delivery_id(identity.event_id(POTHOLE_TICKET, "3"), REPORTER.id, Way.EMAIL),
        "action": DeliveryAction.FAILED,
        "status": "5.1.1",
        "recipient": REPORTER.id,
        "personal": DeliveryPersonal(recipient=REPORTER_ADDRESS, diagnostic="smtp; 550 5.1.1 user unknown"),
    }
    return _report_event(DeliveryReported(**{**fields, **changes}), report_id, "delivery-reported")
