"""The real servers: they work, they come back after kill -9 with their data, they leave nothing behind."""

import io
import os
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from minio import Minio
from minio.error import S3Error
from pymongo import MongoClient

from deploy.local.__main__ import main
from deploy.local.ports import HOST, Ports, is_taken
from deploy.local.processes import is_alive, read_records, start_ticks
from deploy.local.skipping import skipped_without
from deploy.local.status import Lag, lags
from deploy.local.system import LocalSystem

from .waiting import wait_until

pytestmark = pytest.mark.integration

MAIL = "Subject: kept\r\n\r\nkept\r\n"


# A set of its own, not the session's: these tests kill servers.
@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    with LocalSystem(tmp_path_factory.mktemp("servers"), Ports.free()) as running:
        with skipped_without("servers"):
            running.start_servers()
        yield running


def kill_and_wait(system: LocalSystem, name: str) -> None:
    before, deaths = system.pid(name), system.deaths(name)
    system.kill(name)
    wait_until(lambda: system.deaths(name) == deaths + 1)
    system.wait_ready(name)
    assert system.pid(name) != before


def test_objects_are_kept_over_a_kill(system: LocalSystem) -> None:
    endpoint = urlsplit(system.environment["S3_ENDPOINT"]).netloc
    user, key = system.environment["S3_ACCESS_KEY"], system.environment["S3_SECRET_KEY"]
    store = Minio(endpoint, access_key=user, secret_key=key, secure=False)
    store.make_bucket("originals")
    content = os.urandom(300_000)
    store.put_object("originals", "lipovany/2026-11-24/raw", io.BytesIO(content), len(content))
    kill_and_wait(system, "s3proxy")
    answer = store.get_object("originals", "lipovany/2026-11-24/raw")
    assert answer.read() == content
    answer.close()
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        Minio(endpoint, access_key=user, secret_key="guessed", secure=False).list_buckets()


def test_transactions_are_kept_over_a_kill(system: LocalSystem) -> None:
    with MongoClient[dict[str, object]](system.environment["MONGODB_URI"]) as client:
        tickets, events = client.trial.tickets, client.trial.events
        with client.start_session() as session, session.start_transaction():
            tickets.insert_one({"_id": 1}, session=session)
            events.insert_one({"_id": 1}, session=session)
        kill_and_wait(system, "mongod")
        assert (tickets.count_documents({}), events.count_documents({})) == (1, 1)


def test_messages_are_kept_over_a_kill_and_lag_is_seen(system: LocalSystem) -> None:
    broker = system.environment["KAFKA_BOOTSTRAP"]
    admin = AdminClient({"bootstrap.servers": broker})
    admin.create_topics([NewTopic("trial", 2, 1)])["trial"].result(20)
    _produce(broker, 20)
    kill_and_wait(system, "kafka")
    _produce(broker, 10)
    reader = Consumer({"bootstrap.servers": broker, "group.id": "trial.reader", "enable.auto.commit": False})
    reader.assign([TopicPartition("trial", 0, OFFSET_BEGINNING)])
    values: list[bytes] = []

    def all_read() -> bool:
        values.extend(message.value() or b"" for message in reader.consume(100, 0.5))
        return len(values) >= 30

    wait_until(all_read, 30)
    reader.commit(offsets=[TopicPartition("trial", 0, 25)], asynchronous=False)
    reader.close()
    assert values == [b"of 20"] * 20 + [b"of 10"] * 10
    assert lags(admin) == [Lag("trial.reader", "trial", 5)]


def _produce(broker: str, count: int) -> None:
    failures: list[str] = []
    producer = Producer({"bootstrap.servers": broker, "acks": "all", "enable.idempotence": True})
    for _ in range(count):
        producer.produce(
            "trial",
            f"of {count}",
            partition=0,
            on_delivery=lambda error, _: failures.append(str(error)) if error else None,
        )
    assert producer.flush(30) == 0
    assert failures == []


def test_a_topic_that_nobody_made_is_not_there(system: LocalSystem) -> None:
    producer = Producer({"bootstrap.servers": system.environment["KAFKA_BOOTSTRAP"], "message.timeout.ms": 3000})
    failures: list[object] = []
    producer.produce("a-typo", b"x", on_delivery=lambda error, _: failures.append(error))
    producer.flush(10)
    assert [str(failure) for failure in failures] != ["None"]
    topics = AdminClient({"bootstrap.servers": system.environment["KAFKA_BOOTSTRAP"]}).list_topics(timeout=10).topics
    assert "a-typo" not in topics


def test_an_outage_lasts_until_it_is_ended(system: LocalSystem) -> None:
    system.halt("mail-catcher")
    assert not is_taken(system.ports.mail_catcher)
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP(HOST, system.ports.mail_catcher)
    system.restart("mail-catcher")
    with smtplib.SMTP(HOST, system.ports.mail_catcher) as connection:
        connection.sendmail("mesto@lipovany.test", ["obcan@example.test"], MAIL)
    assert len(list(system.places.mail.glob("*.eml"))) == 1


def test_the_same_directory_starts_again_on_other_ports_and_stops_without_a_trace(tmp_path: Path) -> None:
    kafka_and_mongo = {"S3_ENDPOINT": "http://unused", "SMTP_RELAY": "unused:1"}
    pids: list[int] = []
    for start in (1, 2):
        ports = Ports.free()
        with LocalSystem(tmp_path, ports, existing=kafka_and_mongo) as system:
            with skipped_without("servers"):
                system.start_servers()
            pids += [pid for name in ("kafka", "mongod") if (pid := system.pid(name))]
            with MongoClient[dict[str, object]](system.environment["MONGODB_URI"]) as client:
                client.trial.starts.insert_one({"_id": start})
                assert client.trial.starts.count_documents({}) == start
            AdminClient({"bootstrap.servers": system.environment["KAFKA_BOOTSTRAP"]}).list_topics(timeout=10)
        assert not any(is_taken(port) for port in (*ports.kafka, *ports.kafka_controllers, ports.mongod))
    assert len(pids) == 4
    assert [pid for pid in pids if start_ticks(pid) is not None] == []
    assert os.listdir(tmp_path / "run") == ["lock"]


@pytest.fixture
def servers_command(system: LocalSystem, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`python -m deploy.local servers`, just started; `system` has seen that servers can be started here."""
    command = [sys.executable, "-m", "deploy.local", "servers", str(tmp_path / "servers")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_what_a_killed_supervisor_leaves_is_stopped_by_down(
    servers_command: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert servers_command.stdout is not None
    told = dict(
        line.removeprefix("export ").strip().split("=", 1) for line in iter_until(servers_command.stdout, "API_")
    )
    assert {"KAFKA_BOOTSTRAP", "MONGODB_URI", "S3_SECRET_KEY", "SMTP_RELAY"} <= told.keys()
    records = [record for record in read_records(tmp_path / "servers" / "run") if record.name != "supervisor"]
    assert [record.name for record in records] == ["kafka", "mail-catcher", "mongod", "s3proxy"]
    servers_command.kill()
    servers_command.wait()
    assert all(is_alive(record) for record in records)
    assert main(["--root", str(tmp_path / "servers"), "down"]) == 0
    assert not any(is_alive(record) for record in records)
    assert os.listdir(tmp_path / "servers" / "run") == ["lock"]


def test_a_signal_during_the_start_stops_what_has_started(
    servers_command: subprocess.Popen[str], tmp_path: Path
) -> None:
    run = tmp_path / "servers" / "run"
    wait_until(lambda: (run / "kafka.json").exists() and (run / "s3proxy.json").exists())
    records = read_records(run)
    servers_command.terminate()
    assert servers_command.wait(30) == 0
    assert not any(is_alive(record) for record in records)
    assert os.listdir(run) == ["lock"]


def iter_until(lines: IO[str], last: str) -> Iterator[str]:
    """The lines up to the one that begins with `export` and the word."""
    for line in lines:
        yield line
        if line.startswith(f"export {last}"):
            return
