"""One mail in, its originals kept, its events published, the answer to the sender out. Knows no SMTP, S3 or Kafka client.

The order is the promise (P1): original and envelope to the store, parts to the store, event confirmed, then yes. Whatever fails
on the way, the sender is told to come again, and everything is derived from the mail itself, so the second time repairs the
first (P2).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson

from contracts.envelope import Event
from contracts.registry import topic_of
from contracts.types import Channel
from intake_email import events
from intake_email.events import Arrival, Keys, Registration, StoredPart
from intake_email.message import parsing
from intake_email.message.parsing import ParsedMessage
from intake_email.recipients import Recipient
from kit import metrics
from kit.messages import Record
from kit.object_store import ObjectStore, StoreAway
from kit.producer import NotConfirmed

logger = logging.getLogger(__name__)


class Publisher(Protocol):
    """What is needed of the producer."""

    async def publish(self, record: Record) -> None:
        """Returns when the record is confirmed; raises NotConfirmed."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as the transport delivered it. `sender` is the return path, `""` for the null one, None where nobody knows it."""

    raw: bytes = field(repr=False)
    sender: str | None
    recipients: tuple[tuple[str, Recipient], ...]
    """As the peer wrote them, and whose they are."""
    received_at: datetime
    peer: str = ""
    hello: str = ""
    tls: bool = False
    options: tuple[str, ...] = ()
    taken_at: datetime | None = None
    """When it came to us, where it had been lying elsewhere before; else it is `received_at`."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """It is registered; one report per municipality."""

    report_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class TryLater:
    """It is not, or nobody knows: `store-away`, `broker-away`, `slow`, `busy`, `failed`."""

    reason: str


Answer = Accepted | TryLater


class Intake:
    """Takes mails, a bounded number at a time. Its threads do what blocks: parsing and the store."""

    def __init__(
        self,
        store: ObjectStore,
        publisher: Publisher,
        keys: Keys,
        domains: frozenset[str],
        *,
        in_work: int = 64,
        octets_in_work: int = 256 * 1024 * 1024,
        threads: int = 16,
        answer_within: float = 20.0,
        parse: Callable[..., ParsedMessage] = parsing.parse,
    ) -> None:
        self._store, self._publisher, self._keys, self._domains = store, publisher, keys, domains
        self._places, self._octets, self._answer_within, self._parse = in_work, octets_in_work, answer_within, parse
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="intake")
        self._tasks: set[asyncio.Task[Answer]] = set()

    def has_room(self) -> bool:
        """Whether another mail would be taken now."""
        return self._places > 0 and self._octets > 0

    async def take(self, mail: Mail) -> Answer:
        """The answer, within the promised time. What is under way then goes on: the sender's repeat finds it done."""
        if not self.has_room():
            return _counted(TryLater("busy"), time.monotonic())
        began = time.monotonic()
        self._places -= 1
        self._octets -= len(mail.raw)
        task = asyncio.create_task(self._register(mail))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._finished(done, len(mail.raw)))
        try:
            return _counted(await asyncio.wait_for(asyncio.shield(task), self._answer_within), began)
        except TimeoutError:
            return _counted(TryLater("slow"), began)

    async def take_all(self, mails: Sequence[Mail]) -> list[Answer]:
        """The answers, in order. Several at once, but one sender's mails one after another, so that an answer follows its question."""
        answers: dict[int, Answer] = {}

        async def one_after_another(numbers: Sequence[int]) -> None:
            for number in numbers:
                answers[number] = await self.take(mails[number])

        by_sender: dict[str, list[int]] = {}
        for number, mail in enumerate(mails):
            by_sender.setdefault(parsing.identify(mail.raw).sender, []).append(number)
        await asyncio.gather(*map(one_after_another, by_sender.values()))
        return [answers[number] for number in range(len(mails))]

    async def close(self) -> None:
        """Waits for what is under way."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._answer_within)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _finished(self, task: "asyncio.Task[Answer]", octets: int) -> None:
        self._tasks.discard(task)
        self._places += 1
        self._octets += octets

    async def _register(self, mail: Mail) -> Answer:
        loop = asyncio.get_running_loop()
        try:
            kept = await loop.run_in_executor(self._threads, self._keep, mail)
            await asyncio.gather(*(self._publisher.publish(record) for _, record in kept))
        except StoreAway:
            return TryLater("store-away")
        except NotConfirmed:
            return TryLater("broker-away")
        except Exception:
            # The sender keeps his mail and comes again; the log has the place, never the content.
            logger.error("mail_not_registered", extra={"size": len(mail.raw)}, exc_info=True)
            return TryLater("failed")
        for event, _ in kept:
            _log(event)
        return Accepted(tuple(event.subject for event, _ in kept))

    def _keep(self, mail: Mail) -> list[tuple[Event[Any], Record]]:
        """Everything into the store; the events and their records. Raises StoreAway."""
        facts = parsing.identify(mail.raw)
        arrivals = [
            events.arrival(facts, mail.raw, municipality=municipality, tags=tags, received_at=mail.received_at)
            for municipality, tags in _by_municipality(mail.recipients)
        ]
        for came in arrivals:
            # Before parsing: whatever parsing does, the original is safe.
            self._store.put(came.original.key, mail.raw, "message/rfc822")
            self._store.put(came.original.envelope_key, envelope_document(mail, came), "application/json")
        message = self._parsed(mail)
        return [self._registered(mail, came, message) for came in arrivals]

    def _parsed(self, mail: Mail) -> ParsedMessage | None:
        try:
            return self._parse(mail.raw, envelope_sender=mail.sender, domains=self._domains)
        except Exception:
            logger.error("mail_not_parsed", extra={"size": len(mail.raw)}, exc_info=True)
            return None

    def _registered(self, mail: Mail, came: Arrival, message: ParsedMessage | None) -> tuple[Event[Any], Record]:
        registration, value = _readable(came, message, self._keys)
        if registration is None:
            registration = events.register_unparsable(came, self._keys, mail.sender)
            value = registration.event.to_bytes()
        self._put_all(registration.stored)
        topic = topic_of(registration.event.data)
        return registration.event, Record(topic.name, registration.key, value)

    def _put_all(self, parts: Iterable[StoredPart]) -> None:
        for part in parts:
            self._store.put(part.key, part.content, part.media_type)


def envelope_document(mail: Mail, came: Arrival) -> bytes:
    """What the transport knew, kept beside the original as JSON; only recipients of this municipality."""
    own = [address for address, recipient in mail.recipients if recipient.municipality == came.municipality]
    document = {
        "report_id": str(came.report_id),
        "municipality": came.municipality,
        "channel": Channel.EMAIL.value,
        "received_at": came.received_at.isoformat(),
        "taken_at": (mail.taken_at or came.received_at).isoformat(),
        "sender": mail.sender,
        "recipients": own,
        "peer": mail.peer,
        "hello": mail.hello,
        "tls": mail.tls,
        "options": list(mail.options),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2)


def _readable(came: Arrival, message: ParsedMessage | None, keys: Keys) -> tuple[Registration | None, bytes]:
    if message is None:
        return None, b""
    try:
        registration = events.register(message, came, keys)
        return registration, registration.event.to_bytes()
    except Exception:
        logger.error("event_not_made", extra={"report_id": str(came.report_id)}, exc_info=True)
        return None, b""


def _by_municipality(recipients: Sequence[tuple[str, Recipient]]) -> list[tuple[str, tuple[str, ...]]]:
    tags: dict[str, list[str]] = {}
    for _, recipient in recipients:
        tags.setdefault(recipient.municipality, []).append(recipient.tag)
    return [(municipality, tuple(found)) for municipality, found in tags.items()]


def _counted(answer: Answer, began: float) -> Answer:
    outcome = answer.reason if isinstance(answer, TryLater) else "accepted"
    metrics.INTAKE.labels("email", outcome).inc()
    metrics.INTAKE_SECONDS.labels("email").observe(time.monotonic() - began)
    return answer


def _log(event: Event[Any]) -> None:
    extra = {
        "report_id": str(event.subject),
        "event_id": str(event.id),
        "event_type": event.type,
        "municipality": event.municipality,
        "defects": list(event.data.defects),
        "traceparent": event.traceparent,
    }
    logger.info("mail_registered", extra=extra)
