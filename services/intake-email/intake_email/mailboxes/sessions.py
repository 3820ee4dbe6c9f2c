"""What the fetcher needs of a mail server: a session in one folder, and one way of saying what is wrong. No client library."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol


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


class Session(Protocol):
    """A log-in. Every method raises MailboxFault."""

    validity: int
    """UIDVALIDITY as of the last look: under another one the same numbers are other messages."""

    def waiting(self, since: date | None) -> list[int]:
        """A look: selects the folder; UIDs of what lies there and is not marked as deleted, oldest first."""

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
