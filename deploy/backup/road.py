"""What of Kafka is kept, and what is found out of it. Kafka is the road: what was on it is sent again from the stores (decision 0019)."""

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import AdminClient

from contracts.registry import TOPICS, Topic
from deploy.backup.folder import BackupFault, Entry, NewBackup
from kit import topics
from kit.dead_letter_box import Box, waiting_in
from kit.dead_letters import POSITION, Position
from kit.messages import Message, Record
from kit.partitions import groupless_client, latest, partitions_of, read_partition
from kit.producer import ONLY_ERROR_CB, Producer

FOLDER = "topics"
SECONDS = 30.0

Places = dict[tuple[str, int], int]
"""By topic and partition: what comes before this offset, every group has read."""


def boxes(rows: Sequence[Topic] = TOPICS) -> list[Box]:
    """The dead letters of every reader."""
    return [Box(topic.name, reader) for topic in rows for reader in topic.readers]


def places(bootstrap: str, rows: Sequence[Topic] = TOPICS) -> Places:
    """How far the slowest reader of each partition is. Raises KafkaException."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": ONLY_ERROR_CB})
    found: Places = {}
    for topic in rows:
        for reader in topic.readers:
            committed = _committed(admin, f"{reader}.{topic.name}")
            for partition in range(topic.partitions):
                place = max(committed.get((topic.name, partition), 0), 0)
                found[topic.name, partition] = min(found.get((topic.name, partition), place), place)
    return found


def _committed(admin: AdminClient, group: str) -> Places:
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=SECONDS)
    listed = asked[group].result().topic_partitions or []
    return {(each.topic, each.partition): each.offset for each in listed if each.offset is not None}


def oldest_unread(bootstrap: str, read: Places) -> datetime | None:
    """The time of the oldest event that some reader had not read at these places. Raises BrokerAway."""
    ends = latest(bootstrap, {topic for topic, _ in read})
    client = groupless_client(bootstrap)
    try:
        times = [
            moment
            for (topic, partition), first in read.items()
            if first < ends.get((topic, partition), 0)
            for message in read_partition(client, topic, partition, first=first)
            if (moment := _time(message)) is not None
        ]
    finally:
        client.close()
    return min(times, default=None)


def _time(message: Message) -> datetime | None:
    """An event's own time; what is no event is nothing that a store could send again."""
    try:
        moment = datetime.fromisoformat(orjson.loads(message.value or b"")["time"])
    except (ValueError, KeyError, TypeError):
        return None
    return moment if moment.tzinfo else None


def copy(bootstrap: str, backup: NewBackup, rows: Sequence[Topic] = TOPICS) -> None:
    """Compacted topics, the newest of each key; and the dead letters that wait. Raises BrokerAway."""
    for topic in rows:
        if topic.compacted:
            _write(backup, topic.name, list(_newest(bootstrap, topic.name).values()))
    used = {topic for (topic, _), end in latest(bootstrap, [box.name for box in boxes(rows)]).items() if end > 0}
    for box in boxes(rows):
        _write(backup, box.name, waiting_in(bootstrap, box) if box.name in used else [])


def _newest(bootstrap: str, topic: str) -> dict[bytes | None, Message]:
    client = groupless_client(bootstrap)
    try:
        return {
            message.key: message
            for partition in partitions_of(client, topic)
            for message in read_partition(client, topic, partition)
        }
    finally:
        client.close()


def occupied(bootstrap: str, rows: Sequence[Topic] = TOPICS) -> str | None:
    """One of our topics in which there was ever a record; None where there is none. Raises BrokerAway."""
    names = [*(topic.name for topic in rows), *(box.name for box in boxes(rows))]
    return next((topic for (topic, _), end in sorted(latest(bootstrap, names).items()) if end > 0), None)


def load(bootstrap: str, folder: Path, files: dict[str, Entry], rows: Sequence[Topic] = TOPICS) -> int:
    """Makes the topics and puts back what was kept of them; returns how many records. Raises BackupFault, KafkaException."""
    topics.create(bootstrap, rows)
    compacted = {topic.name for topic in rows if topic.compacted}
    records: list[Record] = []
    for name in sorted(files):
        kind, _, file = name.partition("/")
        if kind == FOLDER:
            topic = file.removesuffix(".jsonl")
            kept = list(_read(folder / name, topic))
            records += kept if topic in compacted else renumbered(kept)
    producer = Producer(bootstrap, client_id="restore", confirm_within=60)
    try:
        if not all(producer.publish_all(records)):
            raise BackupFault("Kafka did not confirm what was put back")
    finally:
        producer.close()
    return len(records)


def renumbered(letters: Sequence[Record]) -> list[Record]:
    """Dead letters whose positions lie before all that will ever be written: the new topics begin at 0 again.

    Order within a partition stays, so that what follows a letter goes on following it.
    """
    before = Counter(letter.partition for letter in letters)
    moved = []
    for letter in letters:
        position = Position.parse(letter.headers[POSITION].decode())
        place = Position(position.topic, position.partition, -before[letter.partition])
        before[letter.partition] -= 1
        headers = {**letter.headers, POSITION: str(place).encode()}
        moved.append(Record(letter.topic, letter.key, letter.value, headers, partition=letter.partition))
    return moved


def _write(backup: NewBackup, topic: str, messages: Sequence[Message]) -> None:
    with backup.file(f"{FOLDER}/{topic}.jsonl") as file:
        for message in messages:
            line: dict[str, Any] = {
                "partition": message.partition,
                "key": _text(message.key),
                "value": _text(message.value),
                "headers": {name: _text(value) for name, value in message.headers.items()},
            }
            file.write(orjson.dumps(line) + b"\n")
            file.count += 1


def _read(path: Path, topic: str) -> Iterator[Record]:
    for line in path.read_bytes().splitlines():
        kept = orjson.loads(line)
        headers = {name: _bytes(value) or b"" for name, value in kept["headers"].items()}
        yield Record(topic, _bytes(kept["key"]), _bytes(kept["value"]), headers, partition=kept["partition"])


def _text(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
