"""The consumer loop: at least once, in batches, with offsets stored by hand.

The one rule on which nothing-is-lost rests: an offset is stored only when its message is done or safe in the dead letters.
librdkafka commits stored offsets every second and when partitions leave; a crash in between repeats, it never skips.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import orjson
from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from kit import dead_letters, metrics
from kit.dead_letters import FOLLOWS, Waiting
from kit.messages import Message, Pace, waves
from kit.outcomes import DONE, DeadLetter, DependencyAway, Done, Outcome
from kit.partitions import group_client, groupless_client, message_from, partitions_of, read_partition
from kit.producer import Producer, log_client_error

Handler = Callable[[Sequence[Message]], Sequence[Outcome]]
"""A batch in, one outcome for each message in the same order; see `Consumer` for what it may rely on."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
NO_PROGRESS_SECONDS = 30.0

logger = logging.getLogger(__name__)


class ReaderFenced(Exception):
    """The broker took us for dead, or another process bears our name: this client will read nothing any more."""


@dataclass(frozen=True)
class Subscription:
    """One topic to read. `ordered`: after a dead letter, later messages of the same key follow it."""

    topic: str
    dead_letters: str
    ordered: bool


class Consumer:
    """Reads one topic for one reader; the group is `<reader>.<topic>`.

    On an ordered topic a handler never gets two messages of one key in one call. It must not raise for a bad message
    (it returns DeadLetter); what it raises ends the process, whose restart repeats the batch.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        reader: str,
        instance: str,
        subscription: Subscription,
        handler: Handler,
        producer: Producer,
        batch: int = 200,
        dead_letters_in_a_row: int = 50,
        session_seconds: float = 10,
    ) -> None:
        self._bootstrap, self._reader, self._subscription = bootstrap, reader, subscription
        self._handler, self._producer = handler, producer
        self._batch, self._limit = batch, dead_letters_in_a_row
        self._waiting = Waiting()
        self._assigned: set[int] = set()
        # Those that went while the present batch is in hand: they may be back, but what was dropped of them is not done.
        self._left: set[int] = set()
        self._dead_in_a_row = 0
        self._resumed = threading.Event()
        self._paused_for: str | None = None
        self._broker_up = False
        self._last_turn = time.monotonic()
        self._pace = Pace()
        self._in_hand_since: float | None = None
        self._fenced = False
        self._client = group_client(
            bootstrap,
            group=f"{reader}.{subscription.topic}",
            instance=instance,
            session_seconds=session_seconds,
            statistics=self._statistics,
            error=self._client_error,
        )

    def run(self, stop: threading.Event) -> None:
        """Reads until `stop` is set, then commits what is done and leaves."""
        self._client.subscribe(
            [self._subscription.topic], on_assign=self._assign, on_revoke=self._revoke, on_lost=self._revoke
        )
        try:
            while not stop.is_set():
                self._end_if_fenced()
                self._last_turn = time.monotonic()
                messages = self._readable(self._next_records())
                if messages:
                    self._work_off(messages, stop)
                    self._pace.add(len(messages), time.monotonic())
                if self._dead_in_a_row >= self._limit:
                    self._stand_still(stop)
        finally:
            self._client.close()

    def check(self) -> str | None:
        """Readiness: None when messages flow or there are none, else why not."""
        if self._paused_for is not None:
            return self._paused_for
        if not self._broker_up:
            return "broker-away"
        since = self._in_hand_since
        if since is not None and time.monotonic() - since > NO_PROGRESS_SECONDS:
            return "no-progress"
        return None if self._assigned else "no-partitions"

    def stuck(self) -> str | None:
        """Liveness: the loop has not turned for five minutes although nothing is away."""
        silent = time.monotonic() - self._last_turn
        return "loop-stands" if silent > 300 and self._paused_for is None else None

    def resume(self) -> None:
        """Lets a reader that paused after too many dead letters go on."""
        self._resumed.set()

    def _end_if_fenced(self) -> None:
        if self._fenced:
            raise ReaderFenced(self._subscription.topic)

    def _next_records(self) -> list[object]:
        # `consume` alone would wait its whole time-out for a full batch, also when one message is there.
        first = self._client.poll(0.1)
        if first is None:
            return []
        return [first, *self._client.consume(self._batch - 1, timeout=self._pace.gather_seconds)]

    def _readable(self, records: Sequence[object]) -> list[Message]:
        messages = []
        for record in records:
            error: KafkaError | None = record.error()  # type: ignore[attr-defined]
            if error is None:
                messages.append(message_from(record))
            elif error.fatal():
                raise KafkaException(error)
            else:
                log_client_error(error)
        self._broker_up = self._broker_up or bool(messages)
        return messages

    def _work_off(self, messages: Sequence[Message], stop: threading.Event) -> None:
        """Brings a batch to its end: every message done or dead, then the offsets."""
        started = time.monotonic()
        self._left.clear()
        for wave in waves(messages) if self._subscription.ordered else [list(messages)]:
            if not self._work_off_wave(wave, stop):
                return
        self._store_offsets(messages)
        metrics.HANDLING_SECONDS.labels(self._reader).observe(time.monotonic() - started)

    def _work_off_wave(self, wave: list[Message], stop: threading.Event) -> bool:
        """False where `stop` came, or the partitions went, before all was done."""
        pause = SHORTEST_PAUSE
        while wave := [message for message in wave if message.partition in self._assigned - self._left]:
            outcomes = self._outcomes(wave)
            settled = self._settle(wave, outcomes)
            undone = [message for message, done in zip(wave, settled, strict=True) if not done]
            if not undone:
                break
            away = next((o.dependency for o in outcomes if isinstance(o, DependencyAway)), "dead-letters")
            if len(undone) < len(wave):
                pause = SHORTEST_PAUSE
            if not self._wait(pause, away, stop):
                return False
            pause, wave = min(pause * 2, LONGEST_PAUSE), undone
        self._go_on()
        return True

    def _outcomes(self, wave: Sequence[Message]) -> list[Outcome]:
        """Asks the handler about those messages that are this reader's, not given up, and follow no dead letter."""
        outcomes: dict[int, Outcome] = {}
        asked = []
        for index, message in enumerate(wave):
            if dead_letters.is_replay_for_another(message, self._reader) or self._waiting.holds(message):
                outcomes[index] = DONE
            elif dead_letters.is_given_up(message):
                # Whatever it would have to follow: nobody will read it.
                outcomes[index] = DONE
            elif self._subscription.ordered and self._waiting.blocks(message):
                outcomes[index] = FOLLOWS
            else:
                asked.append(index)
        if asked:
            self._in_hand_since = time.monotonic()
            answers = self._handler([wave[index] for index in asked])
            self._in_hand_since = None
            outcomes.update(zip(asked, answers, strict=True))
        return [outcomes[index] for index in range(len(wave))]

    def _settle(self, wave: Sequence[Message], outcomes: Sequence[Outcome]) -> list[bool]:
        """Writes dead letters and notes replays that went well; true for each message whose offset may be stored."""
        records, owners = [], []
        for index, (message, outcome) in enumerate(zip(wave, outcomes, strict=True)):
            if isinstance(outcome, DeadLetter):
                records.append(dead_letters.dead_record(message, outcome, self._subscription.dead_letters))
                owners.append(index)
            elif isinstance(outcome, Done) and self._resolves(message):
                records.append(dead_letters.resolved_record(message, self._subscription.dead_letters))
                owners.append(index)
        written = dict(zip(owners, self._producer.publish_all(records), strict=True)) if records else {}
        settled = []
        for index, (message, outcome) in enumerate(zip(wave, outcomes, strict=True)):
            done = not isinstance(outcome, DependencyAway) and written.get(index, True)
            if done:
                self._note(message, outcome)
            settled.append(done)
        return settled

    def _resolves(self, message: Message) -> bool:
        return dead_letters.REPLAY_POSITION in message.headers and not dead_letters.is_replay_for_another(
            message, self._reader
        )

    def _note(self, message: Message, outcome: Outcome) -> None:
        topic = self._subscription.topic
        metrics.MESSAGES.labels(self._reader, topic, type(outcome).__name__.lower()).inc()
        if isinstance(outcome, DeadLetter):
            self._waiting.add(message)
            metrics.DEAD_LETTERS.labels(self._reader, topic).inc()
            logger.error(
                "dead_letter",
                extra={
                    "topic": topic,
                    "partition": message.partition,
                    "offset": message.offset,
                    "error": outcome.error,
                    "reason": outcome.reason,
                },
            )
            if outcome is not FOLLOWS:
                self._dead_in_a_row += 1
        else:
            self._dead_in_a_row = 0
            if self._resolves(message):
                self._waiting.resolve(message)
                if dead_letters.is_given_up(message):
                    logger.warning("dead_letter_given_up", extra=asdict(dead_letters.position_of(message)))
        metrics.DEAD_LETTERS_OUTSTANDING.labels(self._reader, topic).set(self._waiting.count())

    def _store_offsets(self, messages: Sequence[Message]) -> None:
        next_offsets: dict[int, int] = {}
        for message in messages:
            next_offsets[message.partition] = message.offset + 1
        for partition, offset in next_offsets.items():
            if partition not in self._assigned - self._left:
                continue
            try:
                self._client.store_offsets(offsets=[TopicPartition(self._subscription.topic, partition, offset)])
            except KafkaException:
                # The partition left between the check and the call: its next owner repeats the batch.
                logger.info("offset_not_stored", extra={"partition": partition})

    def _wait(self, seconds: float, why: str, stop: threading.Event) -> bool:
        """Stands still but stays in the group; false where `stop` came."""
        if self._paused_for != why:
            logger.warning("reader_waits", extra={"reader": self._reader, "dependency": why})
        self._set_paused(why)
        self._client.pause([TopicPartition(self._subscription.topic, partition) for partition in self._assigned])
        until = time.monotonic() + seconds
        while time.monotonic() < until and not stop.is_set():
            self._end_if_fenced()
            self._last_turn = time.monotonic()
            # Paused partitions give nothing; polling answers the group's heartbeats and rebalances.
            self._client.poll(min(0.1, seconds))
        return not stop.is_set()

    def _go_on(self) -> None:
        if self._paused_for is not None:
            self._client.resume([TopicPartition(self._subscription.topic, partition) for partition in self._assigned])
            logger.info("reader_goes_on", extra={"reader": self._reader})
            self._set_paused(None)

    def _set_paused(self, why: str | None) -> None:
        if self._paused_for is not None:
            metrics.READER_PAUSED.labels(self._reader, self._paused_for).set(0)
        if why is not None:
            metrics.READER_PAUSED.labels(self._reader, why).set(1)
        self._paused_for = why

    def _stand_still(self, stop: threading.Event) -> None:
        """So many dead letters in a row mean that it is we who are broken: alive, not ready, until resumed."""
        logger.critical("reader_paused_itself", extra={"reader": self._reader, "count": self._dead_in_a_row})
        self._resumed.clear()
        while not self._resumed.is_set() and self._wait(1.0, "too-many-dead-letters", stop):
            pass
        self._dead_in_a_row = 0
        self._go_on()

    def _assign(self, client: Client, partitions: list[TopicPartition]) -> None:
        numbers = [partition.partition for partition in partitions]
        self._broker_up = True
        if numbers:
            self._load_waiting(numbers)
        self._assigned.update(numbers)
        client.incremental_assign(partitions)
        # librdkafka keeps a partition's pause while it is away: what left while we waited would come back and stay silent.
        (client.resume if self._paused_for is None else client.pause)(partitions)
        logger.info("partitions_assigned", extra={"reader": self._reader, "partitions": sorted(self._assigned)})

    def _load_waiting(self, numbers: Sequence[int]) -> None:
        """Reads which keys wait in the dead letters of these partitions; without it order could not be kept."""
        client = groupless_client(self._bootstrap)
        try:
            existing = set(partitions_of(client, self._subscription.dead_letters))
            for number in numbers:
                records = read_partition(client, self._subscription.dead_letters, number) if number in existing else ()
                self._waiting.load(number, records)
        finally:
            # BrokerAway passes: a callback cannot wait, and ending the process repeats the assignment.
            client.close()
        metrics.DEAD_LETTERS_OUTSTANDING.labels(self._reader, self._subscription.topic).set(self._waiting.count())

    def _revoke(self, client: Client, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            self._assigned.discard(partition.partition)
            self._left.add(partition.partition)
            self._waiting.drop(partition.partition)
        logger.info("partitions_revoked", extra={"reader": self._reader, "partitions": sorted(self._assigned)})

    def _client_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._broker_up = False
        log_client_error(error)

    def _statistics(self, document: str) -> None:
        statistics = orjson.loads(document)
        # A fatal error stands here alone: polling goes on and gives nothing, for ever. Only a new client reads again.
        self._fenced = "fatal" in statistics
        self._broker_up = any(broker["state"] == "UP" for broker in statistics["brokers"].values())
        topic = statistics["topics"].get(self._subscription.topic, {"partitions": {}})
        lag = sum(max(0, p["consumer_lag"]) for n, p in topic["partitions"].items() if int(n) in self._assigned)
        metrics.LAG.labels(self._reader, self._subscription.topic).set(lag)
