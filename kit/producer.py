"""The producer: every record is confirmed by all in-sync replicas, or its caller hears that it was not.

`murmur2_random` is the partitioner of the Java client and of aiokafka; librdkafka's own default puts keys elsewhere.
AIOProducer of confluent-kafka takes 0.2-2 s for a lone record and refuses headers, hence the poll thread here.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import Producer as Client

from kit import metrics
from kit.messages import Record

PARTITIONER = "murmur2_random"
ONLY_ERROR_CB = 0
"""`log_level` of librdkafka: its own lines on standard error, dozens a second in an outage, say what `error_cb` gets too."""

FENCED_EXIT = 70

logger = logging.getLogger(__name__)


class NotConfirmed(Exception):
    """The broker did not confirm the record in time; it may or may not be in the log."""


def log_client_error(error: KafkaError) -> None:
    """librdkafka's complaints about brokers: expected in an outage, so they are a warning with the error's name."""
    logger.warning("broker_trouble", extra={"from_librdkafka": error.name()})


class Producer:
    """`publish` for one record from asyncio, `publish_all` for a batch from a thread; both may be used at once."""

    def __init__(self, bootstrap: str, *, client_id: str, confirm_within: float = 10.0, linger_ms: int = 0) -> None:
        self._client = Client(
            {
                "bootstrap.servers": bootstrap,
                "client.id": client_id,
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": PARTITIONER,
                "linger.ms": linger_ms,
                "compression.type": "lz4",
                "message.timeout.ms": int(confirm_within * 1000),
                "reconnect.backoff.max.ms": 2000,
                "log_level": ONLY_ERROR_CB,
                "error_cb": self._client_error,
            }
        )
        self._stop = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="producer-poll", daemon=True)
        self._poller.start()

    async def publish(self, record: Record) -> None:
        """Returns when the record is confirmed; raises NotConfirmed."""
        loop = asyncio.get_running_loop()
        confirmed: asyncio.Future[bool] = loop.create_future()

        def settle(success: bool) -> None:
            if not confirmed.done():
                confirmed.set_result(success)

        self._produce(record, lambda success: loop.call_soon_threadsafe(settle, success))
        if not await confirmed:
            raise NotConfirmed(record.topic)

    def publish_all(self, records: Sequence[Record]) -> list[bool]:
        """Publishes in the given order and waits for all; False for each record that was not confirmed."""
        results: list[bool] = [False] * len(records)
        open_count = len(records)
        settled = threading.Condition()

        def settle(index: int, success: bool) -> None:
            nonlocal open_count
            with settled:
                results[index] = success
                open_count -= 1
                settled.notify()

        for index, record in enumerate(records):
            self._produce(record, lambda success, index=index: settle(index, success))
        with settled:
            settled.wait_for(lambda: open_count == 0)
        return results

    def reachable(self, within: float = 2.0) -> bool:
        """Whether a broker answers; for readiness."""
        try:
            self._client.list_topics(timeout=within)
        except KafkaException:
            return False
        return True

    def close(self) -> None:
        """Waits for what is under way, then stops. A record that is not confirmed by then has told its caller."""
        self._client.flush(15)
        self._stop.set()
        self._poller.join(timeout=5)

    def _produce(self, record: Record, settle: Any) -> None:
        def delivered(error: KafkaError | None, _: object) -> None:
            metrics.PUBLISHED.labels(record.topic, "refused" if error else "confirmed").inc()
            if error is not None:
                logger.warning("record_not_confirmed", extra={"topic": record.topic, "from_librdkafka": error.name()})
                _end_if_fatal(error)
            settle(error is None)

        placed: dict[str, Any] = {} if record.partition is None else {"partition": record.partition}
        try:
            self._client.produce(
                record.topic,
                value=record.value,
                key=record.key,
                headers=list(record.headers.items()),
                on_delivery=delivered,
                **placed,
            )
        except (BufferError, KafkaException) as error:
            logger.warning("record_not_queued", extra={"topic": record.topic, "error": type(error).__name__})
            settle(False)

    def _client_error(self, error: KafkaError) -> None:
        log_client_error(error)
        _end_if_fatal(error)

    def _poll(self) -> None:
        while not self._stop.is_set():
            self._client.poll(0.1)


def _end_if_fatal(error: KafkaError) -> None:
    """After a fatal error a client confirms nothing any more. Whoever waits was promised nothing: a new process begins again."""
    if error.fatal() or error.code() == KafkaError._FATAL:
        logger.critical("process_failed", extra={"reason": "producer fenced"})
        logging.shutdown()
        os._exit(FENCED_EXIT)
