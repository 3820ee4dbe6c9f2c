"""The mails of `mails/`, and what becomes of each as its `.json` says: as much of the event as a clerk or a reader sees.

Mails too large for the tree are made by the functions of `MADE`; their `.json` lie beside the others.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.envelope import Event
from contracts.reports import DeliveryReported, InboundMessage
from intake_email import events
from intake_email.message import parsing
from intake_email.recipients import AddressBook

from .builders import ADDRESS, CITIZEN, DOMAINS, KEYS, RECEIVED_AT, file, joined, message, multipart, part

MAILS = Path(__file__).parent / "mails"
BOOK = AddressBook.read(f"{ADDRESS}=lipovany")
_SHOWN_LETTERS = 400


def _nested(levels: int) -> bytes:
    content = part("V Lipové ulici je výmol.")
    for level in range(levels):
        content = part(joined([content], f"b{level}"), f'multipart/mixed; boundary="b{level}"')
    return message(b"").rstrip() + b"\r\n" + content


def _messages(levels: int) -> bytes:
    raw = message("V Lipové ulici je výmol.", Content_Type="text/plain; charset=utf-8")
    for _ in range(levels):
        raw = multipart([part(raw, "message/rfc822")])
    return raw


_HOP = b"Received: from mx.example.test (mx.example.test [192.0.2.7])\r\n\tby mx.example.test; Tue, 24 Nov 2026 09:00:00 +0100\r\n"

MADE: dict[str, Callable[[], bytes]] = {
    "900-ten-thousand-parts": lambda: multipart(
        [part("Přikládám fotky."), *(file(b"x", "application/octet-stream", f"{n}.bin") for n in range(10_000))]
    ),
    "901-a-thousand-levels": lambda: _nested(1_000),
    "902-a-hundred-messages-in-each-other": lambda: _messages(100),
    "903-header-of-100-kb": lambda: b"X-Spam-Report: " + b"ano " * 25_000 + b"\r\n" + message(),
    "904-subject-of-100-kb": lambda: message(Subject="Vymol " * 17_000),
    "905-received-chain-of-300-kb": lambda: _HOP * 2_500 + message(),
    "906-references-of-100-kb": lambda: message(References="<a@example.test> " * 6_000 + "<posledni@example.test>"),
    "907-ten-thousand-recipients": lambda: message(To=", ".join(f"p{n}@example.test" for n in range(10_000))),
    "908-text-of-two-megabytes": lambda: message("V Lipové ulici je výmol. " * 75_000),
    "909-one-line-of-a-megabyte": lambda: message(b"a" * 1_000_000),
    "910-html-of-two-megabytes": lambda: message(b"<p>Vymol</p>" * 170_000, Content_Type="text/html"),
    "911-file-of-ten-megabytes": lambda: multipart(
        [part("Film."), file(b"\0\0\0\x18ftypmp42" + bytes(10_000_000), "video/mp4", "vymol.mp4")]
    ),
}


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail with its envelope; `about` says what a clerk would want of it."""

    name: str
    raw: bytes
    about: str
    sender: str
    recipient: str

    @property
    def expectation(self) -> Path:
        return MAILS / f"{self.name}.json"


def golden_mails(*, made: bool = True) -> list[Mail]:
    """All mails, those of `MADE` last."""
    raws = {path.stem: path.read_bytes for path in sorted(MAILS.glob("*.eml"))}
    return [_mail(name, read()) for name, read in {**raws, **(MADE if made else {})}.items()]


def _mail(name: str, raw: bytes) -> Mail:
    known = json.loads((MAILS / f"{name}.json").read_text())
    return Mail(name, raw, known["about"], known["envelope"]["sender"], known["envelope"]["recipient"])


def taken_in(raw: bytes, sender: str | None = CITIZEN, recipient: str = ADDRESS) -> Event[Any]:
    """As the service makes the event of it, without the service's net for parsing that fails."""
    found = BOOK.find(recipient)
    assert found is not None
    came = events.arrival(
        parsing.identify(raw), raw, municipality=found.municipality, tags=(found.tag,), received_at=RECEIVED_AT
    )
    return events.register(parsing.parse(raw, envelope_sender=sender, domains=DOMAINS), came, KEYS).event


def outcome(mail: Mail) -> dict[str, Any]:
    """What is compared: empty things are left out, long texts are told by their beginning and length."""
    event = taken_in(mail.raw, mail.sender, mail.recipient)
    event.to_bytes()
    data = event.data
    shown = _report(data) if isinstance(data, InboundMessage) else _delivery(data)
    return {"event": event.type, **{name: value for name, value in shown.items() if value not in (None, "", [], {})}}


def _report(data: InboundMessage) -> dict[str, Any]:
    personal = data.personal
    places = {place.part: [place.latitude, place.longitude] for place in personal.photo_places}
    return {
        "sender": personal.sender.model_dump(exclude_none=True),
        "role": data.sender.role,
        "subject": _shown(personal.subject),
        "text": _shown(personal.text),
        "whole_text_stored": data.text_key is not None or None,
        "quote": _shown(personal.quote),
        "signature": personal.signature,
        "language": data.language,
        "written_at": data.written_at and data.written_at.isoformat(),
        "automatic": data.automatic,
        "files": [
            {
                "name": personal.file_names.get(found.name),
                "type": found.media_type,
                "kind": found.kind,
                "size": found.size,
                **({"inline": True} if found.inline else {}),
                **({"warnings": found.warnings} if found.warnings else {}),
                **({"place": places[found.name]} if found.name in places else {}),
                **({"taken_at": found.taken_at.isoformat()} if found.taken_at else {}),
            }
            for found in data.parts[:5]
        ],
        "more_files": max(0, len(data.parts) - 5) or None,
        "joins": data.follow_up and {"ticket": str(data.follow_up.ticket_id), "as": data.follow_up.role},
        "hints": {name: value for name, value in data.hints.model_dump(mode="json").items() if value},
        "message_id": _shown(personal.message_id),
        "references": personal.references[-3:],
        "defects": data.defects,
    }


def _delivery(data: DeliveryReported) -> dict[str, Any]:
    return {
        "action": data.action,
        "status": data.status,
        "recipient": data.personal.recipient,
        "diagnostic": data.personal.diagnostic,
        "ticket": data.ticket_id and str(data.ticket_id),
        "delivery": data.delivery_id and str(data.delivery_id),
        "defects": data.defects,
    }


def _shown(text: str | None) -> str | None:
    if text is None or len(text) <= _SHOWN_LETTERS:
        return text
    return f"{text[: _SHOWN_LETTERS // 2]}… ({len(text)} letters)"
