"""The one safe form of faust, measured: anything else lost messages (decision 0005).

One agent, `concurrency=1`, raw values, `stream.events()`; the body never raises, every record that a decision gives is
confirmed by the broker before the next event is asked for, because asking acknowledges the one before. Scale by processes.
"""

import asyncio
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import faust

from kit import dead_letters, lag, metrics
from kit.consumer import LONGEST_PAUSE, SHORTEST_PAUSE, Subscription
from kit.dead_letters import FOLLOWS, Waiting
from kit.messages import Message, Record
from kit.outcomes import DeadLetter
from kit.partitions import groupless_client, partitions_of, read_partition
from kit.producer import NotConfirmed, Producer

Decide = Callable[[Message], Sequence[Record] | DeadLetter]
"""Pure: a message in, the records to publish out, or why it cannot be handled."""

UNEXPECTED_EXIT = 70
SILENT_SECONDS = 20.0
"""The broker is asked every few seconds how far we are behind; so long without an answer, and it is away."""

logger = logging.getLogger(__name__)


class FaustWorker:
    """Reads one topic for one reader and publishes what `decide` says; the group is `<reader>.<topic>`."""

    def __init__(
        self,
        bootstrap: str,
        *,
        reader: str,
        instance: str,
        subscription: Subscription,
        decide: Decide,
        producer: Producer,
        dead_letters_in_a_row: int = 50,
    ) -> None:
        self._bootstrap, self._reader, self._subscription = bootstrap, reader, subscription
        self._decide, self._producer, self._limit = decide, producer, dead_letters_in_a_row
        self._waiting, self._loaded = Waiting(), set[int]()
        # Kept here because `app.consumer` belongs to the loop of the thread that asks for it first, and a probe may be first.
        self._assigned: set[int] = set()
        self._dead_in_a_row = 0
        self._paused_for: str | None = None
        self._resumed = asyncio.Event()
        self._in_hand_since: float | None = None
        self._answered_at: float | None = None
        group = f"{reader}.{subscription.topic}"
        self.app = faust.App(
            group,
            broker=[f"kafka://{address}" for address in bootstrap.split(",")],
            consumer_group_instance_id=f"{group}.{instance}",
            broker_client_id=f"{group}.{instance}",
            broker_commit_interval=1.0,
            broker_commit_every=1000,
            broker_session_timeout=10,
            broker_heartbeat_interval=2.5,
            # Waiting out a broker or standing still until resumed may last for days; whether we hang, `stuck` says.
            broker_max_poll_interval=7 * 24 * 3600,
            broker_max_poll_records=500,
            stream_buffer_maxsize=1024,
            stream_wait_empty=False,
            producer_acks=-1,
            topic_allow_declare=False,
            topic_disable_leader=True,
            consumer_auto_offset_reset="earliest",
            store="memory://",
            # faust makes a folder for tables, which we have none of.
            datadir=Path(tempfile.gettempdir()) / f"faust-{group}-{instance}",
            web_enabled=False,
            autodiscover=False,
        )
        topic = self.app.topic(subscription.topic, key_type=bytes, value_type=bytes, value_serializer="raw")
        self._agent = self.app.agent(topic, concurrency=1, name=reader)(self._read)
        self.app.on_partitions_assigned.connect(self._note_assigned, weak=False)
        self.app.on_partitions_revoked.connect(self._forget, weak=False)

    def run(self) -> None:
        """Reads until SIGTERM or SIGINT; ends the process."""
        worker = faust.Worker(self.app, quiet=True, override_logging=False, redirect_stdouts=False, loglevel="ERROR")
        threading.Thread(target=self._end_when_crashed, args=(worker,), name="watch", daemon=True).start()
        # Not from faust's consumer: it belongs to faust's loop, and knows no more than it fetched last.
        about = (self._bootstrap, self._reader, self._subscription.topic)
        measured = (*about, lambda: list(self._assigned), self._note_answer)
        threading.Thread(target=lag.watch, args=measured, name="lag", daemon=True).start()
        worker.execute_from_commandline()

    def _end_when_crashed(self, worker: Any) -> None:
        """A crash inside faust can leave a process that lives and reads nothing: seen when its consumer's thread failed."""
        while not (worker.crashed or self.app.crashed):
            time.sleep(0.5)
        logger.critical("process_failed", extra={"reason": "faust crashed"})
        # Time for an orderly stop; what is not acknowledged comes again.
        time.sleep(3)
        logging.shutdown()
        os._exit(UNEXPECTED_EXIT)

    def check(self) -> str | None:
        """Readiness: assigned, not paused, and the event in hand is not older than 30 s."""
        if self._paused_for is not None:
            return self._paused_for
        if not self._assigned:
            return "no-partitions"
        if self._answered_at is not None and time.monotonic() - self._answered_at > SILENT_SECONDS:
            return "broker-away"
        since = self._in_hand_since
        return "no-progress" if since is not None and time.monotonic() - since > 30 else None

    def stuck(self) -> str | None:
        """Liveness: an event is in hand for five minutes although nothing is away."""
        since = self._in_hand_since
        stands = since is not None and time.monotonic() - since > 300 and self._paused_for is None
        return "event-stands" if stands else None

    def resume(self) -> None:
        """Lets a reader that paused after too many dead letters go on."""
        self.app.loop.call_soon_threadsafe(self._resumed.set)

    async def _read(self, stream: Any) -> None:
        async for event in stream.events():
            try:
                await self._handle(_message_from(event.message))
            except asyncio.CancelledError:
                raise
            except BaseException:
                # The event is not acknowledged yet; raising would acknowledge it, so the process ends and it comes again.
                logger.critical("process_failed", exc_info=True)
                logging.shutdown()
                os._exit(UNEXPECTED_EXIT)

    async def _handle(self, message: Message) -> None:
        self._in_hand_since = time.monotonic()
        await self._load(message.partition)
        if not (dead_letters.is_replay_for_another(message, self._reader) or self._waiting.holds(message)):
            answer = self._answer(message)
            if isinstance(answer, DeadLetter):
                await self._put_aside(message, answer)
            else:
                await self._finish(message, answer)
        self._in_hand_since = None

    def _answer(self, message: Message) -> Sequence[Record] | DeadLetter:
        # Whatever a letter that was given up would have to follow: nobody will read it.
        if dead_letters.is_given_up(message):
            return ()
        if self._subscription.ordered and self._waiting.blocks(message):
            return FOLLOWS
        return self._decide(message)

    async def _finish(self, message: Message, records: Sequence[Record]) -> None:
        resolved = dead_letters.REPLAY_POSITION in message.headers
        if resolved:
            records = [*records, dead_letters.resolved_record(message, self._subscription.dead_letters)]
        await self._publish(records)
        if resolved:
            self._waiting.resolve(message)
            if dead_letters.is_given_up(message):
                logger.warning("dead_letter_given_up", extra=asdict(dead_letters.position_of(message)))
        self._dead_in_a_row = 0
        metrics.MESSAGES.labels(self._reader, self._subscription.topic, "done").inc()
        metrics.DEAD_LETTERS_OUTSTANDING.labels(self._reader, self._subscription.topic).set(self._waiting.count())

    async def _put_aside(self, message: Message, dead: DeadLetter) -> None:
        await self._publish([dead_letters.dead_record(message, dead, self._subscription.dead_letters)])
        self._waiting.add(message)
        metrics.MESSAGES.labels(self._reader, self._subscription.topic, "deadletter").inc()
        metrics.DEAD_LETTERS.labels(self._reader, self._subscription.topic).inc()
        metrics.DEAD_LETTERS_OUTSTANDING.labels(self._reader, self._subscription.topic).set(self._waiting.count())
        place = {"topic": message.topic, "partition": message.partition, "offset": message.offset}
        logger.error("dead_letter", extra={**place, "error": dead.error, "reason": dead.reason})
        if dead is not FOLLOWS:
            self._dead_in_a_row += 1
        if self._dead_in_a_row >= self._limit:
            await self._stand_still()

    async def _publish(self, records: Sequence[Record]) -> None:
        """Returns when all are confirmed; waits out a broker that is away."""
        pause = SHORTEST_PAUSE
        for record in records:
            while True:
                try:
                    await self._producer.publish(record)
                    break
                except NotConfirmed:
                    self._paused_for = "broker-away"
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
        self._paused_for = None

    async def _stand_still(self) -> None:
        logger.critical("reader_paused_itself", extra={"reader": self._reader, "count": self._dead_in_a_row})
        self._paused_for = "too-many-dead-letters"
        self._resumed.clear()
        await self._resumed.wait()
        self._paused_for, self._dead_in_a_row = None, 0

    async def _load(self, partition: int) -> None:
        if partition not in self._loaded:
            records = await asyncio.to_thread(self._dead_letters_of, partition)
            self._waiting.load(partition, records)
            self._loaded.add(partition)

    def _dead_letters_of(self, partition: int) -> list[Message]:
        client = groupless_client(self._bootstrap)
        try:
            if partition not in partitions_of(client, self._subscription.dead_letters):
                return []
            return list(read_partition(client, self._subscription.dead_letters, partition))
        finally:
            client.close()

    def _note_answer(self) -> None:
        self._answered_at = time.monotonic()

    async def _note_assigned(self, _app: Any, /, *partitions: Any, **named: Any) -> None:
        self._assigned.update(place.partition for place in _places(partitions, named, "assigned"))

    async def _forget(self, _app: Any, /, *partitions: Any, **named: Any) -> None:
        for place in _places(partitions, named, "revoked"):
            self._waiting.drop(place.partition)
            self._loaded.discard(place.partition)
            self._assigned.discard(place.partition)


def _places(positional: tuple[Any, ...], named: Mapping[str, Any], name: str) -> Collection[Any]:
    """The partitions of a signal, which faust passes by position or by name."""
    places: Collection[Any] = positional[0] if positional else named.get(name, ())
    return places


def _message_from(message: Any) -> Message:
    headers = message.headers or ()
    return Message(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=message.key,
        value=message.value,
        headers=dict(headers.items() if hasattr(headers, "items") else headers),
        timestamp=message.timestamp,
    )
