"""Ids that come from stable facts, never from the moment of receipt (P2). Frozen by golden files in `tests/golden/`."""

import hashlib
import hmac
import re
from datetime import datetime
from uuid import UUID, uuid5

NAMESPACE = UUID("5f0a4bbd-2f0b-5d0e-9a53-6f2f1c1f7a10")


def email_report_id(municipality: str, *, message_id: str, date: str, sender: str, subject: str, body: bytes) -> UUID:
    """Identity of a report by e-mail, version 1.

    Takes the header fields' raw values as they came (empty where missing) and the raw body after the first blank line; trace
    headers have no part in it, so a retry by another way is the same report, and a stolen Message-ID is not. Runs of white
    space count as one blank and line ends as LF, because relays refold headers and convert line ends.
    """
    facts = [municipality, "email", *(_one_line(value) for value in (message_id, date, sender, subject))]
    return _derive("report-1", *facts, hashlib.sha256(_with_plain_line_ends(body)).hexdigest())


def event_id(cause: UUID, purpose: str) -> UUID:
    """Id of an event: the same cause and purpose give the same id, so a repeat is known as one."""
    return _derive("event-1", str(cause), purpose)


def ticket_id(report_id: UUID) -> UUID:
    """Id of the ticket that a report opens."""
    return _derive("ticket-1", str(report_id))


def delivery_id(event: UUID, recipient: str, way: str) -> UUID:
    """Id of the one delivery of one event to one recipient by one way."""
    return _derive("delivery-1", str(event), recipient, way)


def alarm_id(municipality: str, kind: str, raised_at: datetime) -> UUID:
    """Id of one alarm, from its raising to its end."""
    return _derive("alarm-1", municipality, kind, raised_at.isoformat())


def pseudonym(key: bytes, municipality: str, channel: str, address: str) -> str:
    """Keyed digest that stands for a person's address: the record key of `reports` and the participant's id.

    `channel` is the kind of address (`email`, `phone`). Addresses are compared without case and outer white space.
    """
    message = "\0".join((municipality, channel, address.strip().casefold())).encode()
    return "p" + hmac.new(key, message, hashlib.sha256).hexdigest()[:32]


def _derive(*facts: str) -> UUID:
    # Length prefixes keep ("ab", "c") and ("a", "bc") apart; raw headers may hold bytes that are not UTF-8.
    joined = b"".join(b"%d:%s" % (len(fact), fact) for fact in (f.encode("utf-8", "surrogateescape") for f in facts))
    return uuid5(NAMESPACE, hashlib.sha256(joined).hexdigest())


def _one_line(value: str) -> str:
    return re.sub(r"\s+", " ", value).strip()


def _with_plain_line_ends(body: bytes) -> bytes:
    return body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
