"""What holds of every mail, whatever its bytes: for mutations, for the fuzzer, and for what the fuzzer found."""

import re
from typing import Any

from contracts.envelope import Event, parse_event
from contracts.registry import EVENTS
from contracts.reply_token import TokenRole
from contracts.reports import InboundMessage

from .builders import ADDRESS, CITIZEN, TICKET, token
from .golden_mails import taken_in

LARGEST_EVENT = 256 * 1024
ENVELOPES = (
    (CITIZEN, ADDRESS),
    ("", f"podatelna+{token(TokenRole.BOUNCE)}@lipovany.test"),
    (None, f"podatelna+{token(TokenRole.BODY, TICKET)}@lipovany.test"),
)
_NEVER_IN_A_NAME = re.compile(r'[\x00-\x1f\x7f-\x9f/\\<>:"|?*\u202a-\u202e\u2066-\u2069\ud800-\udfff]')


def check_any_mail(raw: bytes) -> None:
    """Reads bytes as a mail; the first of them chooses the envelope. Raises where anything does not hold."""
    sender, recipient = ENVELOPES[sum(raw[:1]) % len(ENVELOPES)]
    check(taken_in(raw, sender, recipient))


def check(event: Event[Any]) -> None:
    """What holds of every event that a mail becomes."""
    value = event.to_bytes()
    assert len(value) <= LARGEST_EVENT
    assert parse_event(value, EVENTS) == event
    if isinstance(event.data, InboundMessage):
        personal = event.data.personal
        for line in (personal.subject, personal.sender.name, personal.sender.address):
            assert line is None or "\n" not in line
        for name in personal.file_names.values():
            assert not _NEVER_IN_A_NAME.search(name), ascii(name)
            assert 0 < len(name) <= 151
            assert name == name.strip(" .")
