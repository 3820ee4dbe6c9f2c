"""The whole service as its users have it: commands, a worker over real servers, killed and started again."""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from confluent_kafka import Consumer
from pydantic import SecretStr

from contracts import history
from contracts.envelope import Event, parse_event
from contracts.registry import EVENTS, TOPICS
from kit import mongo, topics
from kit.messages import Record
from kit.producer import Producer
from kit.settings import MongoSettings

from .builders import message, report, routing, ticket_of
from .conftest import PACK

pytestmark = pytest.mark.integration
Environment = Mapping[str, str]


def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen: {what}"
        threading.Event().wait(0.05)


def run(environment: Environment, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tickets", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def environment(servers: Environment) -> Environment:
    """Servers with topics, indexes and a pack, and a database of this module alone."""
    own = {**os.environ, **servers, "MONGODB_PREFIX": f"t{uuid4().hex[:10]}", "HEALTH_LISTEN": "127.0.0.1:0"}
    topics.create(servers["KAFKA_BOOTSTRAP"], TOPICS)
    for arguments in (("prepare",), ("prepare",), ("pack", "load", str(PACK))):
        done = run(own, *arguments)
        assert done.returncode == 0, done.stderr
    return own


def free_port() -> int:
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        port: int = own.getsockname()[1]
        return port


class Worker:
    """A worker process under a name."""

    def __init__(self, environment: Environment, name: str) -> None:
        self._port = free_port()
        self._environment = {**environment, "INSTANCE": name, "HEALTH_LISTEN": f"127.0.0.1:{self._port}"}
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tickets", "worker"]
        self.process = subprocess.Popen(command, env=self._environment, stdout=subprocess.DEVNULL)

    def ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self._port}/ready").is_success
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


class Reader:
    """Everything on `ticket-events` about some tickets, in the order of the topic."""

    def __init__(self, bootstrap: str) -> None:
        self._client = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": f"test-{uuid4()}", "auto.offset.reset": "earliest"}
        )
        self._client.subscribe(["ticket-events"])
        self.values: dict[UUID, list[bytes]] = defaultdict(list)

    def read(self) -> None:
        for record in self._client.consume(500, 0.2):
            value, key = record.value(), record.key()
            if record.error() is None and isinstance(value, bytes) and isinstance(key, bytes):
                self.values[UUID(key.decode())].append(value)

    def first_seen(self, ticket: UUID) -> list[Event[Any]]:
        """The ticket's events without repeats."""
        events = {event.id: event for event in (parse_event(value, EVENTS) for value in self.values[ticket])}
        return list(events.values())

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def reader(environment: Environment) -> Iterator[Reader]:
    own = Reader(environment["KAFKA_BOOTSTRAP"])
    yield own
    own.close()


@pytest.fixture
def producer(environment: Environment) -> Iterator[Producer]:
    own = Producer(environment["KAFKA_BOOTSTRAP"], client_id="test")
    yield own
    own.close()


def hand_in(producer: Producer, *events: Event[Any]) -> None:
    records = [Record(m.topic, m.key, m.value) for m in (message(event) for event in events)]
    assert all(producer.publish_all(records))


def test_a_token_is_made_for_its_owner_alone_listed_and_revoked(environment: Environment, tmp_path: Path) -> None:
    out = tmp_path / "token"
    made = run(environment, "token", "create", "--role", "resolver", "--team", "pravnik", "--out", str(out))
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    token = out.read_text().strip()
    assert token not in made.stdout + made.stderr
    code = made.stderr.split()[-1]
    listed = run(environment, "token", "list").stdout
    assert f"{code} lipovany resolver pravnik until" in listed
    assert run(environment, "token", "revoke", code).returncode == 0
    assert f"{code} lipovany resolver pravnik revoked" in run(environment, "token", "list").stdout
    assert run(environment, "token", "revoke", "staff-none").returncode == 1
    assert run(environment, "token", "create", "--role", "emperor").returncode == 2
    assert run(environment, "token", "create", "--role", "reader", "--municipality", "dubna").returncode == 2


def test_a_token_never_takes_the_place_of_a_file(environment: Environment, tmp_path: Path) -> None:
    before = run(environment, "token", "list").stdout
    out = tmp_path / "token"
    out.write_text("somebody's\n")
    refused = run(environment, "token", "create", "--role", "reader", "--out", str(out))
    assert (refused.returncode, refused.stderr) == (2, "--out: there is a file already\n")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["somebody's\n"]
    assert run(environment, "token", "list").stdout == before


@pytest.mark.parametrize(
    "odd",
    [
        ("--days", "0"), ("--days", "-1"), ("--days", "99999999999"), ("--days", "x"), ("--team", "ne tým"), ("--name", " "),
        ("--address", "nobody"), ("--address", "a b@lipovany.test"), ("--out", "/no-such-folder/token"), ("--out", "/"),
    ],
)  # fmt: skip
def test_a_token_with_odd_arguments_is_refused_and_none_is_made(environment: Environment, odd: tuple[str, str]) -> None:
    before = run(environment, "token", "list").stdout
    refused = run(environment, "token", "create", "--role", "reader", *odd)
    assert refused.returncode == 2
    assert odd[0] in refused.stderr
    assert "Traceback" not in refused.stderr
    assert run(environment, "token", "list").stdout == before


def test_a_pack_with_faults_is_refused_with_file_line_and_remedy(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("nothing: right\n")
    refused = run(environment, "pack", "load", str(tmp_path))
    assert refused.returncode == 1
    assert "pack.yaml:1:" in refused.stderr
    assert " — " in refused.stderr


def test_a_model_holds_is_listed_and_is_taken_back_down_to_the_programs_own(
    environment: Environment, tmp_path: Path
) -> None:
    def model(*arguments: str) -> tuple[int, str]:
        done = run(environment, "model", *arguments)
        return done.returncode, done.stdout + done.stderr

    for name in ("first", "second"):
        (tmp_path / f"{name}.npz").write_bytes(b"PK\x03\x04" + name.encode())
    assert model("back")[0] == 1
    assert model("load", str(tmp_path / "first.npz"))[0] == 0
    first = model("list")[1].split()[2]
    assert "of the program" in model("back")[1]
    assert first in model("back")[1]
    assert model("load", str(tmp_path / "second.npz"))[0] == 0
    lines = model("list")[1].splitlines()
    assert [line.endswith("holds") for line in lines] == [True, False, False, False]
    assert first in model("back", "--to", first)[1]
    assert model("back", "--to", "ffff")[0] == 1
    code, said = model("load", str(tmp_path / "missing.npz"))
    assert (code, "missing.npz" in said) == (1, True)


@pytest.mark.parametrize("arguments", [("prepare",), ("token", "list")])
def test_a_database_that_is_away_is_told_in_a_sentence(arguments: tuple[str, ...]) -> None:
    away = {"MONGODB_URI": "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=100", "PATH": os.environ["PATH"]}
    told = run({**away, "S3_SECRET_KEY": "unused"}, *arguments)
    assert (told.returncode, told.stdout, told.stderr) == (1, "", "the database does not answer (MONGODB_URI)\n")


def test_help_tells_the_settings_without_any_server() -> None:
    told = run({"PATH": os.environ["PATH"]}, "--help")
    assert told.returncode == 0
    assert "API_LISTEN=" in told.stdout
    assert run({"PATH": os.environ["PATH"]}).returncode == 2


def test_reports_become_cases_and_events_in_order(environment: Environment, producer: Producer, reader: Reader) -> None:
    worker = Worker(environment, "journey")
    try:
        events = [report(f"Cesta {uuid4()}") for _ in range(5)]
        hand_in(producer, *events)
        tickets = [ticket_of(event) for event in events]

        def published(count: int) -> Callable[[], bool]:
            def look() -> bool:
                reader.read()
                return all(len(reader.first_seen(ticket)) == count for ticket in tickets)

            return look

        until(published(1), "the cases are opened")
        hand_in(producer, *(routing(ticket) for ticket in tickets))
        until(published(4), "the cases are numbered and assigned")
        for ticket in tickets:
            told = [orjson.loads(value) for value in reader.values[ticket]]
            assert [event["sequence"] for event in told] == [1, 2, 3, 4]
            assert history.first_broken_link(told) is None
    finally:
        assert worker.stop() == 0


def test_two_workers_killed_again_and_again_lose_nothing_and_do_nothing_twice(
    environment: Environment, producer: Producer, reader: Reader
) -> None:
    mark = str(uuid4())
    events = [report(f"Kladivo {mark} {number}") for number in range(300)]
    tickets = {ticket_of(event) for event in events}
    workers = [Worker(environment, "one"), Worker(environment, "two")]
    try:
        until(lambda: all(worker.ready() for worker in workers), "both work")
        decided: set[UUID] = set()

        def decide() -> int:
            """As the router: decides on every case that it sees; returns how many."""
            reader.read()
            fresh = {ticket for ticket in tickets - decided if reader.values[ticket]}
            hand_in(producer, *(routing(ticket) for ticket in fresh))
            decided.update(fresh)
            return len(decided)

        for part in range(6):
            batch = events[part * 50 : part * 50 + 50]
            # Every report comes twice, as from an intake that was killed before it could note the confirmation.
            hand_in(producer, *batch, *batch)
            until(lambda part=part: decide() > part * 50, "the batch is begun")  # type: ignore[misc]
            workers[part % 2].kill()
            workers[part % 2].start()
            until(workers[part % 2].ready, "it works again")
        until(lambda: decide() == 300, "every report opened a case", 120)

        def settled() -> bool:
            reader.read()
            return all(len(reader.first_seen(ticket)) == 4 for ticket in tickets)

        until(settled, "every case is numbered and assigned", 120)
        until(lambda: all(worker.ready() for worker in workers), "both work again")
    finally:
        codes = [worker.stop() for worker in workers]
    assert codes == [0, 0]
    for ticket in tickets:
        seen = reader.first_seen(ticket)
        assert [event.sequence for event in seen] == [1, 2, 3, 4], "first seen in order"
        # A case that met the minute for a routing while its worker was down is numbered first and classified after it.
        kinds = [type(event.data).__name__ for event in seen]
        assert kinds[0] == "TicketOpened"
        assert sorted(kinds[1:]) == ["TicketAssigned", "TicketClassified", "TicketNumbered"], "each change once"
    own = mongo.connect(
        MongoSettings(mongodb_uri=SecretStr(environment["MONGODB_URI"]), mongodb_prefix=environment["MONGODB_PREFIX"]),
        "tickets",
    )
    numbers = sorted(int(found["number"][5:]) for found in own["tickets"].find({"number": {"$exists": True}}))
    assert numbers == list(range(1, len(numbers) + 1)), "numbers without gaps"
    assert own["reports"].count_documents({"ticket_id": {"$in": list(tickets)}}) == 300
    own.client.close()
