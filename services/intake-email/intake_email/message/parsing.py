"""A message's bytes to plain data: the one way in. Never raises for bad mail; what was wrong stands in `defects`."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.reports import Automatic
from intake_email.message import (
    automatic,
    bodies,
    bounces,
    charsets,
    headers,
    languages,
    quotes,
    structure,
)
from intake_email.message.addresses import Mailbox, doubts, is_address, mailboxes
from intake_email.message.attachments import Attachment
from intake_email.message.bounces import Returned
from intake_email.message.contents import MAXIMUM_PASSAGES, Contents, all_defects, files, sorted_out, with_forwarded
from intake_email.message.headers import Headers

_SUBJECT_LETTERS = 5_000
_ADDRESS_FIELDS = 4
_NUMBER = re.compile(r"(?<![\d-])(20\d{2}-\d{6,9})(?!\d)")


@dataclass(frozen=True, slots=True)
class Identity:
    """The raw facts from which a report's id is derived (contracts.identity.email_report_id)."""

    message_id: str
    date: str
    sender: str
    subject: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """What a message says. Texts are whole here; how much of them travels is decided in events.py."""

    sender: Mailbox | None
    subject: str
    text: str
    quote: str
    signature: str
    language: str | None
    written_at: datetime | None
    message_id: str | None
    references: tuple[str, ...]
    numbers: tuple[str, ...]
    own_tickets: tuple[UUID, ...]
    """Tickets of our own Message-IDs that it answers."""
    tags: tuple[str, ...]
    """What stands after `+` in the addresses under our domains that To and Cc name."""
    automatic: Automatic
    attachments: tuple[Attachment, ...]
    returned: Returned | None
    standard_report: bool
    """Whether `returned` comes from the standard form, not from words."""
    defects: tuple[str, ...]


def identify(raw: bytes) -> Identity:
    """The identity facts, by a rule so simple that it cannot fail: fields before, body after the first blank line."""
    fields, _, _ = headers.split(raw, 0, len(raw))
    return Identity(
        fields.raw("message-id"),
        fields.raw("date"),
        fields.raw("from"),
        fields.raw("subject"),
        raw[headers.body_start(raw) :],
    )


def parse(raw: bytes, *, envelope_sender: str | None, domains: Collection[str]) -> ParsedMessage:
    """Reads a whole message.

    `envelope_sender` is the return path, `""` for the null one, None where it is not known; `domains` are our own mail domains.
    """
    content, line_defects = structure.with_line_ends(raw)
    root = structure.read(content)
    contents = sorted_out(root)
    contents.defects += line_defects
    fields = root.headers
    subject = charsets.one_line(fields.text("subject"))[:_SUBJECT_LETTERS]
    sender = _sender(fields, envelope_sender, contents.defects)
    null_sender = envelope_sender == "" or (envelope_sender is None and fields.line("return-path") == "<>")
    text, defects = bodies.read(contents.passages[:MAXIMUM_PASSAGES])
    contents.defects += defects
    returned, standard = _returned(contents, fields, text, subject, sender, null_sender, domains)
    references = _references(fields)
    reply = bool(references) or quotes.is_reply_subject(subject)
    divided = quotes.divide(text, reply=reply, forward=quotes.is_forward_subject(subject))
    divided = with_forwarded(divided, contents)
    kept = [] if standard else files(contents)
    own = dict.fromkeys(own[1] for found in references if (own := automatic.own_message(found, domains)))
    return ParsedMessage(
        sender=sender,
        subject=subject,
        text=divided.text,
        quote=divided.quote,
        signature=divided.signature,
        language=languages.guess(divided.text or subject),
        written_at=_written_at(fields, contents.defects),
        message_id=_message_id(fields, contents.defects),
        references=tuple(references),
        numbers=tuple(dict.fromkeys(_NUMBER.findall(subject)))[:5],
        own_tickets=tuple(own)[:5],
        tags=_tags(fields, domains),
        automatic=automatic.classify(
            fields,
            subject,
            contents.report_type,
            null_sender=null_sender,
            returned=returned is not None,
            domains=domains,
        ),
        attachments=tuple(kept),
        returned=returned,
        standard_report=standard,
        defects=all_defects(contents),
    )


def _returned(
    contents: Contents,
    fields: Headers,
    text: str,
    subject: str,
    sender: Mailbox | None,
    null_sender: bool,
    domains: Collection[str],
) -> tuple[Returned | None, bool]:
    reports = [report for entity in contents.status_parts[:5] if (report := bounces.from_status(entity.body()))]
    standard = bool(reports) and contents.report_type == "delivery-status"
    if standard:
        report = reports[0]
    elif contents.report_type in (None, "unknown", "delivery-status") and automatic.looks_returned(
        fields, subject, sender.address if sender else "", null_sender=null_sender
    ):
        report = bounces.from_words(fields, text, subject)
    else:
        return None, False
    nested = contents.returned_headers + [
        headers.split(body := entity.body(), 0, len(body))[0] for entity in contents.messages[:3]
    ]
    delivery_id, ticket_id = bounces.returned_message(fields, nested, text, domains) or (None, None)
    return Returned(report.action, report.status, report.recipient, report.diagnostic, delivery_id, ticket_id), standard


def _sender(fields: Headers, envelope_sender: str | None, defects: list[str]) -> Mailbox | None:
    """Who wrote it: From, else the next best. Reply-To is not obeyed where there is a From: anybody may put a stranger there."""
    if sum(1 for name, _ in fields.fields if name == "from") > 1:
        defects.append("several-from-fields")
    for name in ("from", "sender", "reply-to"):
        found = mailboxes(fields.raw(name))
        if found:
            if name != "from":
                defects.append("no-from")
            elif len(found) > 1:
                defects.append("several-senders")
            defects += doubts(found[0])
            return found[0]
    defects.append("no-from")
    if envelope_sender and is_address(envelope_sender):
        return Mailbox(envelope_sender, "")
    defects.append("no-sender")
    return None


def _tags(fields: Headers, domains: Collection[str]) -> tuple[str, ...]:
    values = [value for name, value in fields.fields if name in ("to", "cc") and "+" in value]
    found = []
    for mailbox in (mailbox for value in values[:_ADDRESS_FIELDS] for mailbox in mailboxes(value)):
        local, _, domain = mailbox.address.lower().rpartition("@")
        _, _, tag = local.partition("+")
        if tag and domain.rstrip(".") in domains:
            found.append(tag)
    return tuple(dict.fromkeys(found))


def _written_at(fields: Headers, defects: list[str]) -> datetime | None:
    value = fields.line("date")
    moment = headers.instant(value) if value else None
    if value and moment is None:
        defects.append("broken-date")
    return moment


def _message_id(fields: Headers, defects: list[str]) -> str | None:
    value = fields.line("message-id")
    found = headers.message_ids(value)
    if found:
        return found[0]
    defects.append("broken-message-id" if value else "no-message-id")
    return charsets.clean(headers.decode_words(value.strip("<> ")))[:250] or None


def _references(fields: Headers) -> list[str]:
    """Ids that the message answers, the nearest last, at most 20."""
    found = headers.message_ids(fields.raw("references")) + headers.message_ids(fields.raw("in-reply-to"))
    return list(dict.fromkeys(found))[-20:]
