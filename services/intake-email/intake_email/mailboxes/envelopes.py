"""A message that lies in a mailbox, as a mail with an envelope: what SMTP would have said stands in its headers. Pure.

The server that delivered into the mailbox wrote Return-Path and Delivered-To (or X-Original-To, Envelope-To) on top. To and Cc are
the writer's own words; they decide nothing but the `+` part. Whose the mail is, the mailbox alone says: nobody may put a report
into another town's books by naming its address.
"""

from datetime import datetime

from intake_email.handlers import Mail
from intake_email.mailboxes.configuration import Mailbox, Security
from intake_email.message import headers
from intake_email.message.addresses import mailboxes
from intake_email.message.headers import Headers
from intake_email.recipients import AddressBook, Recipient

_DELIVERED = ("delivered-to", "x-original-to", "envelope-to")
_WRITTEN = ("to", "cc")
MAXIMUM_HOPS = 100
"""RFC 5321 6.3: a mail that passed more servers goes round in a circle."""


def mail_of(
    raw: bytes, mailbox: Mailbox, addresses: AddressBook, received_at: datetime, taken_at: datetime | None = None
) -> Mail:
    """The mail as SMTP would have brought it. `received_at`: when it came into the mailbox, `taken_at`: out of it."""
    fields, _, _ = headers.split(raw, 0, len(raw))
    return Mail(
        raw=raw,
        sender=return_path(fields),
        recipients=recipients(fields, mailbox, addresses),
        received_at=received_at,
        peer=mailbox.host,
        tls=mailbox.security is not Security.PLAIN,
        options=(f"mailbox={mailbox.name}",),
        taken_at=taken_at,
    )


def return_path(fields: Headers) -> str | None:
    """The envelope's sender, `""` for the null one, None where the server did not write it down."""
    line = fields.line("return-path")
    if line.replace(" ", "") == "<>":
        return ""
    found = mailboxes(line)
    return found[0].address if found else None


def recipients(fields: Headers, mailbox: Mailbox, addresses: AddressBook) -> tuple[tuple[str, Recipient], ...]:
    """This town's addresses that it was delivered to, else that it is written to, else the mailbox's own."""
    own = addresses.find(mailbox.address)
    if own is None:
        raise ValueError("a mailbox of no town")
    for names in (_DELIVERED, _WRITTEN):
        named = (one.address for name, value in fields.fields if name in names for one in mailboxes(value))
        found = {address: addresses.find(address) for address in named}
        ours = [(address, one) for address, one in found.items() if one and one.municipality == own.municipality]
        if ours:
            return tuple(ours)
    return ((mailbox.address, own),)


def refusal(raw: bytes, size_limit: int) -> str | None:
    """Why the mail is not taken: `too-large`, `loop`; None where it is."""
    if len(raw) > size_limit:
        return "too-large"
    fields, _, _ = headers.split(raw, 0, len(raw))
    return "loop" if sum(name == "received" for name, _ in fields.fields) > MAXIMUM_HOPS else None
