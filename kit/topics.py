"""Makes topics from a registry.

The registry is a sequence of objects with name, partitions, retention, compacted, readers and dead_letters(reader). What
exists is left alone, but a wrong partition count is an error: it would tear a key's messages apart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from kit.producer import ONLY_ERROR_CB


class TopicRow(Protocol):
    """One row of a registry of topics."""

    @property
    def name(self) -> str:
        """The topic's name."""

    @property
    def partitions(self) -> int:
        """How many, for ever."""

    @property
    def retention(self) -> timedelta | None:
        """How long records stay; None for ever."""

    @property
    def compacted(self) -> bool:
        """Whether only the newest record of a key stays."""

    @property
    def readers(self) -> tuple[str, ...]:
        """Who reads it, each with dead letters of its own."""

    def dead_letters(self, reader: str) -> str:
        """Name of a reader's dead-letter topic."""


class TopicsDiffer(Exception):
    """A topic exists with another partition count."""


@dataclass(frozen=True)
class Copies:
    """On how many brokers a record is kept, and how many of them must have it before it is confirmed."""

    replicas: int
    in_sync: int

    def __post_init__(self) -> None:
        if not 1 <= self.in_sync <= self.replicas:
            raise ValueError(f"{self.in_sync} of {self.replicas} replicas cannot be in sync")

    @classmethod
    def on(cls, brokers: int) -> "Copies":
        """Three, of which one may be away, where there are three brokers."""
        return cls(3, 2) if brokers >= 3 else cls(1, 1)


def wanted_topics(rows: Iterable[TopicRow], copies: Copies) -> list[NewTopic]:
    """Every topic with its readers' dead letters."""
    replication = copies.replicas
    # The broker's time, not the writer's: a record from more than an hour ahead of it would be refused, again and again.
    durable = {"min.insync.replicas": str(copies.in_sync), "message.timestamp.type": "LogAppendTime"}
    topics = []
    for row in rows:
        config = {**durable, **_retention(row)}
        topics.append(NewTopic(row.name, row.partitions, replication, config=config))
        for reader in row.readers:
            kept = {**durable, **_kept_for(timedelta(days=29))}
            topics.append(NewTopic(row.dead_letters(reader), row.partitions, replication, config=kept))
    return topics


def create(bootstrap: str, rows: Sequence[TopicRow], copies: Copies | None = None, within: float = 30.0) -> list[str]:
    """Makes what is missing; returns the names made. Raises TopicsDiffer, KafkaException.

    Without `copies` the brokers that answer now decide: a broker that is down at this moment would not be counted.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": ONLY_ERROR_CB})
    described = admin.list_topics(timeout=within)
    wanted = wanted_topics(rows, copies or Copies.on(len(described.brokers)))
    for topic in wanted:
        existing = described.topics.get(topic.topic)
        if existing is not None and len(existing.partitions) != topic.num_partitions:
            raise TopicsDiffer(f"{topic.topic}: {len(existing.partitions)} partitions, not {topic.num_partitions}")
    missing = [topic for topic in wanted if topic.topic not in described.topics]
    made = []
    for name, future in (admin.create_topics(missing, operation_timeout=within) if missing else {}).items():
        try:
            future.result(timeout=within)
            made.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    return made


def _retention(row: TopicRow) -> dict[str, str]:
    if row.compacted:
        return {"cleanup.policy": "compact", "segment.ms": str(_milliseconds(timedelta(days=1)))}
    if row.retention is None:
        return {"retention.ms": "-1"}
    return _kept_for(row.retention)


def _kept_for(span: timedelta) -> dict[str, str]:
    return {"retention.ms": str(_milliseconds(span)), "segment.ms": str(_milliseconds(timedelta(days=1)))}


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
