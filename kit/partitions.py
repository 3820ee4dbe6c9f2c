"""Clients that read: of a group, and without one for partitions that are read whole (compacted topics, dead letters)."""

import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Consumer as Client
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined] # missing from its __all__

from kit.messages import Message
from kit.producer import ONLY_ERROR_CB, log_client_error


class BrokerAway(Exception):
    """The broker did not answer in time."""


def message_from(record: Any) -> Message:
    """Our form of confluent's message."""
    _, milliseconds = record.timestamp()
    return Message(
        topic=record.topic(),
        partition=record.partition(),
        offset=record.offset(),
        key=record.key(),
        value=record.value(),
        headers=dict(record.headers() or ()),
        timestamp=milliseconds / 1000,
    )


def groupless_client(bootstrap: str) -> Client:
    """A consumer that assigns its partitions itself and commits nothing."""
    return Client(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "groupless",
            "enable.auto.commit": False,
            "enable.partition.eof": False,
            "auto.offset.reset": "earliest",
            "reconnect.backoff.max.ms": 2000,
            "log_level": ONLY_ERROR_CB,
            "error_cb": log_client_error,
        }
    )


def group_client(
    bootstrap: str,
    *,
    group: str,
    instance: str,
    session_seconds: float,
    statistics: Callable[[str], None],
    error: Callable[[KafkaError], None],
) -> Client:
    """A consumer of a group, whose offsets are stored by hand; see `kit.consumer`."""
    return Client(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            # A static member that comes back takes its partitions at once instead of waiting for the dead one's session.
            "group.instance.id": f"{group}.{instance}",
            "client.id": f"{group}.{instance}",
            "session.timeout.ms": int(session_seconds * 1000),
            "heartbeat.interval.ms": int(session_seconds * 1000 / 4),
            "partition.assignment.strategy": "cooperative-sticky",
            "auto.offset.reset": "earliest",
            "enable.auto.offset.store": False,
            "enable.auto.commit": True,
            "auto.commit.interval.ms": 1000,
            "fetch.wait.max.ms": 100,
            "reconnect.backoff.max.ms": 2000,
            "statistics.interval.ms": 5000,
            "stats_cb": statistics,
            "log_level": ONLY_ERROR_CB,
            "error_cb": error,
        }
    )


def partitions_of(client: Client, topic: str, within: float = 10.0) -> list[int]:
    """The topic's partition numbers; empty where it does not exist. Raises BrokerAway."""
    try:
        described = client.list_topics(topic, timeout=within).topics.get(topic)
    except KafkaException:
        raise BrokerAway from None
    return [] if described is None or described.error is not None else sorted(described.partitions)


def read_partition(
    client: Client, topic: str, partition: int, within: float = 10.0, *, first: int = 0
) -> Iterator[Message]:
    """The records of one partition from offset `first` up to its present end. Raises BrokerAway."""
    low, high = _ends(client, TopicPartition(topic, partition), within)
    if max(low, first) >= high:
        return
    place = TopicPartition(topic, partition, first if first > low else OFFSET_BEGINNING)
    client.assign([place])
    deadline = time.monotonic() + within
    try:
        # Compaction and aborted records leave gaps at the end, so the position tells when all is read.
        while _position(client, place) < high:
            # `consume` waits its whole time-out for a full batch: a short one, many times.
            for record in client.consume(500, timeout=0.05):
                deadline = time.monotonic() + within
                if record.error() is None and (record.offset() or 0) < high:
                    yield message_from(record)
            if time.monotonic() > deadline:
                raise BrokerAway
    finally:
        client.unassign()


def latest(bootstrap: str, topics: Collection[str], within: float = 10.0) -> dict[tuple[str, int], int]:
    """The offset after the last record of every partition of these topics that exists, in one question. Raises BrokerAway."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": ONLY_ERROR_CB})
    deadline = time.monotonic() + within
    while True:
        try:
            return _latest(admin, topics, within)
        except KafkaException:
            if time.monotonic() > deadline:
                raise BrokerAway from None
            # A partition that was just made, or whose leader went, has one again in a moment.
            time.sleep(0.1)


def _latest(admin: AdminClient, topics: Collection[str], within: float) -> dict[tuple[str, int], int]:
    described = admin.list_topics(timeout=within).topics
    places = [
        TopicPartition(name, number) for name in topics if name in described for number in described[name].partitions
    ]
    if not places:
        return {}
    spec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    asked = admin.list_offsets(dict.fromkeys(places, spec), request_timeout=within)
    return {(place.topic, place.partition): future.result().offset for place, future in asked.items()}


def read_since(client: Client, topic: str, partition: int, since: datetime, within: float = 10.0) -> Iterator[Message]:
    """The records of one partition that were written since then, up to its present end. Raises BrokerAway."""
    first = _first_since(client, TopicPartition(topic, partition, int(since.timestamp() * 1000)), within)
    if first >= 0:
        yield from read_partition(client, topic, partition, within, first=first)


def _first_since(client: Client, moment: TopicPartition, within: float) -> int:
    """The first offset from a moment on; negative where there is none."""
    deadline = time.monotonic() + within
    while True:
        try:
            [place] = client.offsets_for_times([moment], timeout=within)
        except KafkaException:
            place = None
        if place is not None and place.error is None:
            return int(place.offset)
        if time.monotonic() > deadline:
            raise BrokerAway
        # As below: its leader may be back in a moment.
        time.sleep(0.1)


def _ends(client: Client, place: TopicPartition, within: float) -> tuple[int, int]:
    deadline = time.monotonic() + within
    while True:
        try:
            found = client.get_watermark_offsets(place, timeout=within)
        except KafkaException:
            found = None
        if found is not None:
            return found[0] or 0, found[1] or 0
        if time.monotonic() > deadline:
            raise BrokerAway
        # A partition that was just made, or whose leader went, has one again in a moment.
        time.sleep(0.1)


def _position(client: Client, place: TopicPartition) -> int:
    offset: int = client.position([place])[0].offset
    return offset
