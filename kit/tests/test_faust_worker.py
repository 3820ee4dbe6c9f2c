"""The safe form of faust in a process of its own against a real broker: killed, poisoned, replayed."""

import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from kit import dead_letter_box, topics
from kit.dead_letter_box import Box
from kit.messages import Record
from kit.partitions import groupless_client, partitions_of, read_partition
from kit.producer import Producer

from .builders import Row, until

pytestmark = pytest.mark.integration

WORKER = """
import json, sys, pathlib
from kit import lag
from kit.consumer import Subscription
from kit.faust_worker import FaustWorker
from kit.health import HealthServer
from kit.messages import Record
from kit.outcomes import DeadLetter
from kit.producer import Producer

bootstrap, source, target, broken, port_file, limit = sys.argv[1:7]
lag.EVERY_SECONDS = 0.2

def decide(message):
    if message.value == b"bad" and pathlib.Path(broken).exists():
        return DeadLetter("Bad", "cannot be read")
    return [Record(target, message.key, message.value)]

worker = FaustWorker(
    bootstrap, reader="reader", instance="1", subscription=Subscription(source, source + ".reader.dead", True),
    decide=decide, producer=Producer(bootstrap, client_id="worker"), dead_letters_in_a_row=int(limit),
)
with HealthServer("127.0.0.1:0", ready={"reader": worker.check}, resume=worker.resume) as health:
    pathlib.Path(port_file).write_text(str(health.port))
    worker.run()
"""


class Bench:
    """Two topics, and the worker's process between them."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.bootstrap = bootstrap
        self.source, self.target = (Row(f"{name}-{uuid.uuid4().hex[:8]}") for name in ("source", "target"))
        topics.create(bootstrap, [self.source, self.target])
        self.producer = Producer(bootstrap, client_id="bench")
        self.broken, self._port_file = folder / "broken", folder / "port"
        self.box = Box(self.source.name, "reader")
        self._worker: subprocess.Popen[bytes] | None = None

    def send(self, *values: str, key: str | None = None) -> None:
        records = [Record(self.source.name, (key or value).encode(), value.encode()) for value in values]
        assert all(self.producer.publish_all(records))

    def start(self, limit: int = 50) -> None:
        between = [self.bootstrap, self.source.name, self.target.name]
        command = [sys.executable, "-c", WORKER, *between, str(self.broken), str(self._port_file), str(limit)]
        self._worker = subprocess.Popen(command)

    def ask(self, path: str, body: bytes | None = None) -> str:
        """What the worker's health port answers; nothing while it does not listen yet."""
        if not self._port_file.exists():
            return ""
        try:
            with urlopen(f"http://127.0.0.1:{self._port_file.read_text()}{path}", body, timeout=5) as answer:
                return str(answer.read().decode())
        except HTTPError as error:
            with error:
                return error.read().decode()

    def lag(self) -> str:
        """The figure as the worker's metrics tell it."""
        start = f'helpdesk_reader_lag{{reader="reader",topic="{self.source.name}"}} '
        return next(
            (line.removeprefix(start) for line in self.ask("/metrics").splitlines() if line.startswith(start)), ""
        )

    def end(self, number: signal.Signals) -> None:
        if self._worker is not None:
            self._worker.send_signal(number)
            self._worker.wait(timeout=30)
            self._worker = None

    def published(self) -> list[str]:
        client = groupless_client(self.bootstrap)
        try:
            numbers = partitions_of(client, self.target.name)
            records = [record for number in numbers for record in read_partition(client, self.target.name, number)]
        finally:
            client.close()
        return [(record.value or b"").decode() for record in records]


@pytest.fixture
def bench(servers: Mapping[str, str], tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(servers["KAFKA_BOOTSTRAP"], tmp_path)
    yield bench
    bench.end(signal.SIGKILL)
    bench.producer.close()


def test_nothing_is_lost_when_the_worker_is_killed_under_load(bench: Bench) -> None:
    wanted = [f"v{number}" for number in range(600)]
    bench.start()
    for place in range(0, 600, 200):
        bench.send(*wanted[place : place + 200])
        until(lambda reached=place: len(set(bench.published())) > reached + 20, seconds=60)  # type: ignore[misc]
        bench.end(signal.SIGKILL)
        bench.start()
    until(lambda: set(bench.published()) == set(wanted), seconds=60)


def test_a_running_worker_stops_holding_a_key_when_its_letter_is_given_up(bench: Bench) -> None:
    bench.broken.touch()
    bench.start()
    bench.send("bad", "after", key="k")
    until(lambda: len(dead_letter_box.waiting_in(bench.bootstrap, bench.box)) == 2, seconds=60)
    bad, follower = dead_letter_box.waiting_in(bench.bootstrap, bench.box)
    assert dead_letter_box.give_up(bench.producer, bench.box, [bad]) == 1
    until(lambda: dead_letter_box.waiting_in(bench.bootstrap, bench.box) == [follower])
    assert dead_letter_box.replay(bench.producer, bench.box, [follower]) == 1
    bench.send("later", key="k")
    until(lambda: bench.published() == ["after", "later"])


def test_a_poisoned_message_and_its_followers_wait_and_a_replay_brings_them_in_order(bench: Bench) -> None:
    bench.broken.touch()
    bench.start()
    bench.send("bad", "after", key="k")
    bench.send("other")
    until(lambda: len(dead_letter_box.waiting_in(bench.bootstrap, bench.box)) == 2, seconds=60)
    until(lambda: bench.published() == ["other"])
    bench.broken.unlink()
    bench.end(signal.SIGTERM)
    bench.start()
    dead_letter_box.replay(bench.producer, bench.box, dead_letter_box.waiting_in(bench.bootstrap, bench.box))
    until(lambda: [value for value in bench.published() if value != "other"] == ["bad", "after"], seconds=60)
    until(lambda: dead_letter_box.waiting_in(bench.bootstrap, bench.box) == [])


def test_a_worker_shows_how_far_it_is_behind_also_while_it_stands_still(bench: Bench) -> None:
    bench.broken.touch()
    bench.start(limit=1)
    bench.send("bad")
    until(lambda: "too-many-dead-letters" in bench.ask("/ready"), seconds=60)
    bench.send(*(f"v{number}" for number in range(5)))
    until(lambda: bench.lag() == "6.0")
    bench.ask("/resume", b"")
    until(lambda: len(bench.published()) == 5)
    until(lambda: bench.lag() == "0.0")
