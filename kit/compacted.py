"""A compacted topic read whole by every process that needs it: groupless, from beginning to end, then followed."""

import logging
import threading
from collections.abc import Callable

from confluent_kafka import OFFSET_BEGINNING, TopicPartition

from kit.partitions import BrokerAway, groupless_client, message_from, partitions_of, read_partition

OnChange = Callable[[bytes, bytes | None], None]
"""Key and newest value; None where the entry was taken out. It must not raise for a bad value: that is logged and left out by it."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 5.0

logger = logging.getLogger(__name__)


class CompactedView:
    """The newest value of each key: `run` in a thread of its own, `loaded` says when a first message may be handled."""

    def __init__(self, bootstrap: str, topic: str, on_change: OnChange) -> None:
        self._bootstrap, self._topic, self._on_change = bootstrap, topic, on_change
        self._next: dict[int, int] = {}
        self.loaded = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Loads, waiting out a broker that is not there yet, then follows until `stop`."""
        pause = SHORTEST_PAUSE
        while not stop.is_set():
            try:
                self.load()
            except BrokerAway:
                logger.warning("compacted_topic_waits", extra={"topic": self._topic})
                stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                self.follow(stop)

    def load(self, within: float = 10.0) -> int:
        """Reads the topic to its present end and tells each key's newest value; returns how many. Raises BrokerAway."""
        client = groupless_client(self._bootstrap)
        newest: dict[bytes, bytes | None] = {}
        try:
            partitions = partitions_of(client, self._topic, within)
            if not partitions:
                raise BrokerAway(self._topic)
            for partition in partitions:
                for message in read_partition(client, self._topic, partition, within):
                    self._next[partition] = message.offset + 1
                    if message.key is not None:
                        newest[message.key] = message.value
            for partition in partitions:
                self._next.setdefault(partition, OFFSET_BEGINNING)
        finally:
            client.close()
        for key, value in newest.items():
            self._on_change(key, value)
        self.loaded.set()
        logger.info("compacted_topic_loaded", extra={"topic": self._topic, "count": len(newest)})
        return len(newest)

    def follow(self, stop: threading.Event) -> None:
        """Tells each later change until `stop` is set; waits out a broker that is away."""
        client = groupless_client(self._bootstrap)
        try:
            client.assign([TopicPartition(self._topic, number, offset) for number, offset in self._next.items()])
            while not stop.is_set():
                record = client.poll(0.5)
                if record is None or record.error() is not None:
                    continue
                message = message_from(record)
                if message.key is not None:
                    self._on_change(message.key, message.value)
        finally:
            client.close()
