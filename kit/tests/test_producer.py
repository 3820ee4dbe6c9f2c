import asyncio
import socket
import time
import uuid
from collections.abc import Mapping

import pytest
from aiokafka.partitioner import DefaultPartitioner  # type: ignore[import-untyped]
from confluent_kafka import Producer as Client

from kit import topics
from kit.messages import Record
from kit.partitions import groupless_client, partitions_of, read_partition
from kit.producer import NotConfirmed, Producer

from .builders import Row


@pytest.mark.integration
def test_the_same_key_lies_in_the_same_partition_for_both_clients(servers: Mapping[str, str]) -> None:
    bootstrap = servers["KAFKA_BOOTSTRAP"]
    row = Row(f"placed-{uuid.uuid4().hex[:8]}", partitions=12)
    topics.create(bootstrap, [row])
    producer = Producer(bootstrap, client_id="test")
    assert all(producer.publish_all([Record(row.name, str(n).encode() * 9, b"") for n in range(600)]))
    producer.close()
    client = groupless_client(bootstrap)
    placed = {
        record.key: number
        for number in partitions_of(client, row.name)
        for record in read_partition(client, row.name, number)
    }
    client.close()
    by_the_other_client = DefaultPartitioner()
    numbers = list(range(12))
    assert len(placed) == 600
    assert all(by_the_other_client(key, numbers, numbers) == number for key, number in placed.items())


@pytest.mark.integration
async def test_a_lone_record_is_confirmed_and_keeps_its_headers(servers: Mapping[str, str]) -> None:
    bootstrap = servers["KAFKA_BOOTSTRAP"]
    row = Row(f"lone-{uuid.uuid4().hex[:8]}")
    await asyncio.to_thread(topics.create, bootstrap, [row])
    producer = Producer(bootstrap, client_id="test")
    await producer.publish(Record(row.name, b"key", b"value", {"traceparent": b"x"}, partition=2))
    client = groupless_client(bootstrap)
    (record,) = list(read_partition(client, row.name, 2))
    client.close()
    await asyncio.to_thread(producer.close)
    assert (record.key, record.value, dict(record.headers)) == (b"key", b"value", {"traceparent": b"x"})


async def test_a_record_is_not_confirmed_while_the_broker_is_away() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
    producer = Producer(nobody, client_id="test", confirm_within=0.5)
    with pytest.raises(NotConfirmed):
        await producer.publish(Record("topic", b"key", b"value"))
    assert await asyncio.to_thread(producer.publish_all, [Record("topic", b"key", b"value")]) == [False]
    assert not await asyncio.to_thread(producer.reachable, 0.2)
    await asyncio.to_thread(producer.close)


@pytest.mark.integration
def test_topics_are_made_once_and_a_wrong_partition_count_is_refused(servers: Mapping[str, str]) -> None:
    row = Row(f"made-{uuid.uuid4().hex[:8]}", readers=("one", "two"))
    made = topics.create(servers["KAFKA_BOOTSTRAP"], [row])
    assert sorted(made) == [row.name, f"{row.name}.one.dead", f"{row.name}.two.dead"]
    assert topics.create(servers["KAFKA_BOOTSTRAP"], [row]) == []
    with pytest.raises(topics.TopicsDiffer):
        topics.create(servers["KAFKA_BOOTSTRAP"], [Row(row.name, partitions=5)])


def test_three_brokers_replicate_three_times_with_two_in_sync() -> None:
    (topic, _) = topics.wanted_topics([Row("t")], topics.Copies.on(3))
    assert (topic.replication_factor, (topic.config or {})["min.insync.replicas"]) == (3, "2")
    (alone, _) = topics.wanted_topics([Row("t")], topics.Copies.on(1))
    assert (alone.replication_factor, (alone.config or {})["min.insync.replicas"]) == (1, "1")
    (told, _) = topics.wanted_topics([Row("t")], topics.Copies(replicas=5, in_sync=3))
    assert (told.replication_factor, (told.config or {})["min.insync.replicas"]) == (5, "3")


@pytest.mark.integration
def test_a_writer_whose_clock_is_hours_ahead_is_confirmed_all_the_same(servers: Mapping[str, str]) -> None:
    row = Row(f"ahead-{uuid.uuid4().hex[:8]}")
    topics.create(servers["KAFKA_BOOTSTRAP"], [row])
    client = Client({"bootstrap.servers": servers["KAFKA_BOOTSTRAP"], "message.timeout.ms": 10_000})
    told: list[object] = []
    ahead = int((time.time() + 3 * 3600) * 1000)
    client.produce(row.name, b"value", timestamp=ahead, on_delivery=lambda error, _: told.append(error))
    client.flush(15)
    assert told == [None]


@pytest.mark.parametrize(("replicas", "in_sync"), [(2, 3), (1, 0)])
def test_more_copies_in_sync_than_there_are_and_none_are_refused(replicas: int, in_sync: int) -> None:
    with pytest.raises(ValueError, match="cannot be in sync"):
        topics.Copies(replicas, in_sync)
