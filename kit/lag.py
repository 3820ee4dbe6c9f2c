"""How far a group is behind, asked of the broker: for a reader whose own client does not tell it.

The client here is not the reader's, never joins its group and commits nothing, so it may run in any thread; it also answers
while the reader stands still and fetches nothing.
"""

import time
from collections.abc import Callable, Collection
from typing import Protocol

from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaException, TopicPartition

from kit import metrics
from kit.producer import ONLY_ERROR_CB, log_client_error

EVERY_SECONDS = 5.0
"""As often as librdkafka tells it of the other readers."""
ANSWER_WITHIN = 5.0


class Asked(Protocol):
    """What is needed of a client; its group is the one that is asked about."""

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        """The places with what the group has committed, negative where it has nothing."""

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float) -> tuple[int, int] | None:
        """The first offset that is there and the one after the last; None after the time-out."""


def behind(client: Asked, topic: str, partitions: Collection[int]) -> int | None:
    """Messages that the group has not yet committed in these partitions; None where the broker does not answer."""
    try:
        places = client.committed([TopicPartition(topic, number) for number in partitions], ANSWER_WITHIN)
        count = 0
        for place in places:
            watermarks = client.get_watermark_offsets(place, ANSWER_WITHIN)
            if watermarks is None:
                return None
            # What was never committed is read from the first one that is still there.
            count += max(0, watermarks[1] - max(place.offset, watermarks[0]))
    except KafkaException:
        return None
    return count


def watch(
    bootstrap: str,
    reader: str,
    topic: str,
    assigned: Callable[[], Collection[int]],
    answered: Callable[[], None] = lambda: None,
) -> None:
    """Sets the metric of the group `<reader>.<topic>` for ever, in a daemon thread; while the broker is away it stays.

    `answered` is called whenever the broker has told it.
    """
    client: Client | None = None
    while True:
        client = client or client_of(bootstrap, f"{reader}.{topic}")
        partitions = assigned()
        lag = behind(client, topic, partitions) if partitions else 0
        if lag is not None:
            answered()
            metrics.LAG.labels(reader, topic).set(lag)
        else:
            # A client outside the group looks for another coordinator every ten minutes only; a new one at once.
            client.close()
            client = None
        time.sleep(EVERY_SECONDS)


def client_of(bootstrap: str, group: str) -> Client:
    """Asks about the group without being of it."""
    return Client(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "client.id": f"{group}.lag",
            "enable.auto.commit": False,
            "reconnect.backoff.max.ms": 2000,
            "log_level": ONLY_ERROR_CB,
            "error_cb": log_client_error,
        }
    )
