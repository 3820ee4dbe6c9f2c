"""Delivery reports: the standard form (RFC 3464) and, best effort, what servers write in their own words."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from contracts.reports import DeliveryAction
from intake_email.message import automatic, charsets, headers
from intake_email.message.addresses import is_address, mailboxes
from intake_email.message.headers import Headers

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])([45])\d\d[ -]")
_ADDRESS = re.compile(r"<?([^\s<>()\[\]:;,\"']{1,128}@[\w-]+(?:\.[\w-]+)+)>?")
_MESSAGE_ID_LINE = re.compile(r"^[>\s]*message-id:\s*<([^<>\s]{1,250})>", re.IGNORECASE | re.MULTILINE)
_DELAY = re.compile(r"delay|zpožd|zdrž|still being retried|will be retried|not yet|verzöger|warning:", re.IGNORECASE)
_WORST_FIRST = (
    DeliveryAction.FAILED,
    DeliveryAction.DELAYED,
    DeliveryAction.EXPANDED,
    DeliveryAction.RELAYED,
    DeliveryAction.DELIVERED,
)


@dataclass(frozen=True, slots=True)
class Returned:
    """What a report says of one recipient; the one who fared worst where it speaks of several."""

    action: DeliveryAction
    status: str | None
    recipient: str | None
    diagnostic: str | None
    delivery_id: UUID | None = None
    ticket_id: UUID | None = None
    """From the returned message's own Message-ID: anybody can write one, so it is a hint only."""


def from_status(content: bytes) -> Returned | None:
    """Reads a `message/delivery-status` body; None where it names no recipient and no action."""
    blocks = [Headers(()), *_blocks(content)]
    found = [report for block in blocks[1:] if (report := _recipient(block)) is not None]
    return min(found, key=lambda report: _WORST_FIRST.index(report.action)) if found else None


def from_words(fields: Headers, text: str, subject: str) -> Returned:
    """Reads a report without the standard part."""
    sample = text[:20_000]
    named = mailboxes(fields.raw("x-failed-recipients"))
    match = None if named else _ADDRESS.search(sample)
    recipient = named[0].address if named else match[1] if match else None
    status, code = _STATUS.search(sample), _REPLY_CODE.search(sample)
    temporary = (status[1][0] == "4") if status else (code is not None and code[1] == "4")
    delayed = temporary or (
        status is None and code is None and _DELAY.search(subject + " " + sample[:2_000]) is not None
    )
    return Returned(
        DeliveryAction.DELAYED if delayed else DeliveryAction.FAILED,
        status[1] if status else None,
        recipient if recipient and is_address(recipient) else None,
        _diagnostic_line(sample, (status or code)),
    )


def returned_message(
    fields: Headers, nested: Iterable[Headers], text: str, domains: Collection[str]
) -> tuple[UUID, UUID] | None:
    """Delivery and ticket of our message that came back: from its headers, else from what the report answers or quotes."""
    candidates = [inner.raw("message-id") for inner in nested]
    candidates += [fields.raw("in-reply-to"), fields.raw("references")]
    for value in candidates:
        for message_id in headers.message_ids(value):
            if own := automatic.own_message(message_id, domains):
                return own
    for message_id in _MESSAGE_ID_LINE.findall(text[:100_000]):
        if own := automatic.own_message(message_id, domains):
            return own
    return None


def _blocks(content: bytes) -> list[Headers]:
    blocks: list[Headers] = []
    position = 0
    content = content.lstrip(b"\r\n")
    while position < len(content) and len(blocks) < 50:
        fields, following, _ = headers.split(content, position, len(content))
        if fields.fields:
            blocks.append(fields)
        if following <= position:
            break
        position = following
        while content[position : position + 1] in (b"\r", b"\n"):
            position += 1
        if not fields.fields:
            position = (content.find(b"\n", position) + 1) or len(content)
    return blocks


def _recipient(block: Headers) -> Returned | None:
    address = _typed(block.line("original-recipient")) or _typed(block.line("final-recipient"))
    action_word = re.match(r"[a-z]*", block.line("action").lower())
    status = _STATUS.search(block.line("status"))
    if address is None and not block.has("action") and status is None:
        return None
    try:
        action = DeliveryAction(action_word[0] if action_word else "")
    except ValueError:
        classes = {"2": DeliveryAction.DELIVERED, "4": DeliveryAction.DELAYED}
        action = classes.get(status[1][0], DeliveryAction.FAILED) if status else DeliveryAction.FAILED
    diagnostic = charsets.clean(_typed_text(block.text("diagnostic-code")))
    return Returned(action, status[1] if status else None, address, diagnostic[:1_000] or None)


def _typed(value: str) -> str | None:
    """`rfc822; address` to the address."""
    address = charsets.clean(_typed_text(value).strip("<> "))
    return address if is_address(address) else None


def _typed_text(value: str) -> str:
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and re.fullmatch(r"[\w-]+", kind.strip()) else value.strip()


def _diagnostic_line(text: str, match: re.Match[str] | None) -> str | None:
    if match is None:
        return None
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    return text[start : end if end >= 0 else len(text)].strip()[:1_000] or None
