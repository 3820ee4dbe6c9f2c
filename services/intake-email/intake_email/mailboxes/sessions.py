"""What the fetcher needs of a mail server: a session in one folder, and one way of saying what is wrong. No client library."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

LATE = timedelta(minutes=1)
"""So long a mail may lie where it came in."""
_MAILS_AT_ONCE = 20


class MailboxFault(Exception):
    """The mailbox cannot be worked on now. `reason` is a code; `person` where only a person can mend it."""

    def __init__(self, reason: str, *, person: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.person = reason, person


@dataclass(frozen=True, slots=True)
class Facts:
    """What the server says of a message before it is fetched."""

    size: int
    received_at: datetime | None

    def came(self, now: datetime) -> datetime:
        """When the mailbox got it; no server's clock makes it a mail of tomorrow."""
        return min(self.received_at or now, now)


class Session(Protocol):
    """A log-in. Every method raises MailboxFault."""

    validity: int
    """UIDVALIDITY as of the last look: under another one the same numbers are other messages."""

    def waiting(self, since: date | None) -> list[int]:
        """A look: selects the folder; UIDs of what lies there and is not marked as deleted, oldest first."""

    def done(self, since: date) -> list[int]:
        """A look at the done ones, which changes nothing: selects their folder; UIDs of those that came since then."""

    def facts(self, uids: Sequence[int]) -> Mapping[int, Facts]:
        """Of those that are still there."""

    def fetch(self, uids: Sequence[int], limit: int) -> Mapping[int, bytes]:
        """The messages that are still there, none longer than `limit` and one byte; changes no mark."""

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Out of here into the folder; what is gone meanwhile is left out."""

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Returns when something new may have come, at `stop`, or after so many seconds."""

    def close(self) -> None:
        """Logs out. Never raises."""


Opening = Callable[[], Session]
"""Raises MailboxFault."""


def late(facts: Mapping[int, Facts], now: datetime) -> int:
    """How many have been lying for longer than a minute."""
    return sum(1 for one in facts.values() if one.came(now) < now - LATE)


def portions(facts: Mapping[int, Facts], octets: int) -> Iterator[Mapping[int, Facts]]:
    """So many at a time that their sizes together stay below `octets`, in order; what is larger alone goes alone."""
    portion: dict[int, Facts] = {}
    size = 0
    for uid, one in facts.items():
        if portion and (size + one.size > octets or len(portion) >= _MAILS_AT_ONCE):
            yield portion
            portion, size = {}, 0
        portion[uid] = one
        size += one.size
    if portion:
        yield portion
