"""Makes topics from a registry.

The registry is a sequence of objects with name, partitions, retention, compacted, readers and dead_letters(reader). What
exists is left alone, but a wrong partition count is an error: it would tear a key's messages apart.
"""

from collections.abc import Iterable, Sequence
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


def wanted_topics(rows: Iterable[TopicRow], brokers: int) -> list[NewTopic]:
    """Every topic with its readers' dead letters, replicated three times where there are three brokers."""
    replication = 3 if brokers >= 3 else 1
    durable = {"min.insync.replicas": "2" if replication == 3 else "1"}
    topics = []
    for row in rows:
        config = {**durable, **_retention(row)}
        topics.append(NewTopic(row.name, row.partitions, replication, config=config))
        for reader in row.readers:
            kept = {**durable, **_kept_for(timedelta(days=29))}
            topics.append(NewTopic(row.dead_letters(reader), row.partitions, replication, config=kept))
    return topics


def create(bootstrap: str, rows: Sequence[TopicRow], within: float = 30.0) -> list[str]:
    """Makes what is missing; returns the names made. Raises TopicsDiffer, KafkaException."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": ONLY_ERROR_CB})
    described = admin.list_topics(timeout=within)
    wanted = wanted_topics(rows, len(described.brokers))
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
