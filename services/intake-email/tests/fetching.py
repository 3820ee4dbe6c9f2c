"""For tests of mailboxes: an intake over a store in memory, on a loop of its own as in service, that remembers what it published."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretBytes

from contracts.envelope import Event, parse_event
from contracts.registry import EVENTS
from intake_email import wiring
from intake_email.mailboxes.configuration import Mailbox
from intake_email.mailboxes.fetcher import Fetcher, Pauses
from intake_email.mailboxes.sessions import Opening
from intake_email.recipients import AddressBook
from intake_email.settings import Settings
from kit.messages import Record
from kit.object_store import MemoryObjectStore
from kit.producer import NotConfirmed

from .builders import ADDRESS

ADDRESSES = AddressBook.read(f"{ADDRESS}=lipovany")
QUICK = Pauses(first=0.05, longest=0.2, first_for_person=0.1, longest_for_person=0.2, mail_first=0.05, mail_longest=0.1)
SIZE_LIMIT = 200_000


class Road:
    """In place of the broker."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.away = False

    async def publish(self, record: Record) -> None:
        if self.away:
            raise NotConfirmed("away")
        self.records.append(record)

    @property
    def events(self) -> list[Event[Any]]:
        return [parse_event(record.value, EVENTS) for record in self.records]

    @property
    def reports(self) -> list[str]:
        """Reports, each once: what a reader makes of repeats."""
        return sorted({str(event.subject) for event in self.events})


class House:
    """An intake for fetchers. Made by `house`."""

    def __init__(self, take_all: Any, store: MemoryObjectStore, road: Road) -> None:
        self.take_all, self.store, self.road = take_all, store, road

    def fetcher(self, mailbox: Mailbox, opening: Opening, **changed: Any) -> Fetcher:
        told: dict[str, Any] = {"size_limit": SIZE_LIMIT, "clock": lambda: datetime.now(UTC), "pauses": QUICK}
        return Fetcher(mailbox, opening, changed.pop("take_all", self.take_all), ADDRESSES, **{**told, **changed})


@contextmanager
def house() -> Iterator[House]:
    store, road = MemoryObjectStore(), Road()
    settings = Settings(pseudonym_key=SecretBytes(b"p" * 32), mail_answer_seconds=5, intake_threads=4)
    with wiring.taking(settings, ADDRESSES, store, road) as take_all:
        yield House(take_all, store, road)
