"""Messages for the tests, put together byte by byte: much of what comes in cannot be made by a well-behaved library."""

import base64
import io
import struct
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from PIL import ExifTags, Image

from contracts.reply_token import TokenRole, sign
from contracts.reports import DeliveryReported, InboundMessage
from intake_email import events
from intake_email.events import Keys
from intake_email.message import parsing
from intake_email.message.parsing import ParsedMessage

TOWN = "lipovany"
ADDRESS = "podatelna@lipovany.test"
DOMAINS = frozenset({"lipovany.test"})
CITIZEN = "obcan@example.test"
RECEIVED_AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
REPLY_KEY = b"k" * 32
KEYS = Keys(pseudonym=b"p" * 32, reply_tokens={"a1": REPLY_KEY})
TICKET = UUID("0b7b0c36-3f0d-5d34-9d4c-0b8a5b4d2d11")
OTHER_TICKET = UUID("9a7b0c36-3f0d-5d34-9d4c-0b8a5b4d2d99")
DELIVERY = UUID("1c7b0c36-3f0d-5d34-9d4c-0b8a5b4d2d22")
OWN_MESSAGE_ID = f"<{DELIVERY}.{TICKET}@lipovany.test>"

PLAIN_HEADERS = {
    "From": f"Obcan <{CITIZEN}>",
    "To": ADDRESS,
    "Subject": "Vymol v Lipove",
    "Date": "Tue, 24 Nov 2026 10:00:00 +0100",
    "Message-ID": "<first@example.test>",
    "MIME-Version": "1.0",
}


def message(body: bytes | str = b"Dobry den, v Lipove ulici je vymol.\r\n", /, **changed: str | bytes | None) -> bytes:
    """A mail with the usual headers; `Content_Type="…"` sets a header, None takes one away."""
    headers: dict[str, str | bytes | None] = dict(PLAIN_HEADERS)
    headers.update({name.replace("_", "-"): value for name, value in changed.items()})
    lines = b""
    for name, value in headers.items():
        if value is not None:
            lines += name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
    return lines + b"\r\n" + (body if isinstance(body, bytes) else body.encode())


def text(body: str, /, charset: str = "utf-8", declared: str | None = None, **changed: str | bytes | None) -> bytes:
    """A plain text mail in one charset that may declare another."""
    content_type = f"text/plain; charset={declared or charset}"
    return message(
        body.encode(charset), **{"Content_Type": content_type, "Content_Transfer_Encoding": "8bit", **changed}
    )


def multipart(parts: Sequence[bytes], /, subtype: str = "mixed", boundary: str = "hranice", **changed: Any) -> bytes:
    """A mail of several parts, each with its own headers already."""
    content_type = f'multipart/{subtype}; boundary="{boundary}"{changed.pop("parameters", "")}'
    return message(joined(parts, boundary), Content_Type=content_type, **changed)


def joined(parts: Sequence[bytes], boundary: str) -> bytes:
    delimiter = b"--" + boundary.encode()
    return b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts) + delimiter + b"--\r\n"


def part(body: bytes | str, content_type: str = "text/plain; charset=utf-8", /, **headers: str) -> bytes:
    """One part; `Content_Disposition="…"` and the like set further headers."""
    lines = f"Content-Type: {content_type}\r\n"
    lines += "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return lines.encode() + b"\r\n" + (body if isinstance(body, bytes) else body.encode())


def file(content: bytes, content_type: str, name: str | None = None, disposition: str = "attachment") -> bytes:
    """A part with a file in base64."""
    named = f'; filename="{name}"' if name else ""
    return part(
        base64.encodebytes(content).replace(b"\n", b"\r\n"),
        content_type,
        Content_Transfer_Encoding="base64",
        Content_Disposition=f"{disposition}{named}",
    )


def photo(
    *, place: tuple[float, float] | None = (49.9421, 15.2683), taken: str | None = "2026:11:24 09:30:00"
) -> bytes:
    """A small JPEG as a telephone makes it."""
    image = Image.new("RGB", (64, 48), (120, 110, 100))
    exif = Image.Exif()
    if taken is not None:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    if place is not None:
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        for value, reference, field, letters in (
            (place[0], ExifTags.GPS.GPSLatitudeRef, ExifTags.GPS.GPSLatitude, "NS"),
            (place[1], ExifTags.GPS.GPSLongitudeRef, ExifTags.GPS.GPSLongitude, "EW"),
        ):
            gps[reference] = letters[value < 0]
            gps[field] = _degrees(abs(value))
    written = io.BytesIO()
    image.save(written, "JPEG", exif=exif)
    return written.getvalue()


def _degrees(value: float) -> tuple[float, float, float]:
    whole, minutes = int(value), (value - int(value)) * 60
    return float(whole), float(int(minutes)), round((minutes - int(minutes)) * 60, 4)


def pixel_bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few bytes that claims billions of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def token(role: TokenRole, ticket: UUID = TICKET, municipality: str = TOWN, key: bytes = REPLY_KEY) -> str:
    """The part of a reply address after the `+`."""
    return sign(municipality, role, ticket, key_id="a1", key=key)


def parse(raw: bytes, sender: str | None = CITIZEN) -> ParsedMessage:
    """As the service parses it."""
    return parsing.parse(raw, envelope_sender=sender, domains=DOMAINS)


def registered(raw: bytes, *, tag: str = "", sender: str | None = CITIZEN, keys: Keys = KEYS) -> events.Registration:
    """As the service registers it."""
    came = events.arrival(
        parsing.identify(raw), raw, municipality=TOWN, tags=(tag,) if tag else (), received_at=RECEIVED_AT
    )
    return events.register(parse(raw, sender), came, keys)


def report(raw: bytes, *, tag: str = "", sender: str | None = CITIZEN) -> InboundMessage:
    """The data of the event that a message becomes."""
    data = registered(raw, tag=tag, sender=sender).event.data
    assert isinstance(data, InboundMessage)
    return data


def delivery(raw: bytes, *, tag: str = "", sender: str | None = "") -> DeliveryReported:
    """The data of the event that a delivery report becomes."""
    data = registered(raw, tag=tag, sender=sender).event.data
    assert isinstance(data, DeliveryReported)
    return data
