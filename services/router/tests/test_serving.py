"""The service as a process of its own, on a real broker and store: killed, stopped, given broken events."""

import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from confluent_kafka import OFFSET_END, TopicPartition
from confluent_kafka.admin import AdminClient

import packs
from contracts import identity, object_keys
from contracts.envelope import Event, new_event, parse_event
from contracts.registry import EVENTS, ROUTING, RULESETS, TICKET_EVENTS, TOPICS
from contracts.rulesets import ModelActivated, RulesetPublished
from contracts.sample_tickets import SALT, snapshot, ticket_event
from contracts.tickets import TicketOpened, TicketPersonal
from contracts.types import Confidentiality
from kit import topics
from kit.messages import Record
from kit.object_store import S3ObjectStore
from kit.partitions import BrokerAway, groupless_client, partitions_of, read_partition
from kit.producer import Producer
from router.model.stored import shipped
from router.settings import Settings

from .builders import REPOSITORY, lipovany
from .learning.test_candidate import ASKED, LEARNT, history
from .test_handlers import NOW

MODEL_KEY = b"lipovany/model.activated"
pytestmark = pytest.mark.integration
PATIENCE = 90.0


def until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {PATIENCE} s: {what}")


class Bench:
    """A broker with our topics, the town's pack published, and the router's process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        self.bootstrap = environment["KAFKA_BOOTSTRAP"]
        topics.create(self.bootstrap, TOPICS)
        self.producer = Producer(self.bootstrap, client_id="bench")
        self.process: subprocess.Popen[bytes] | None = None

    def publish_pack(self, settings: Settings) -> str:
        content = packs.bundle(lipovany())
        digest = packs.digest(content)
        store = S3ObjectStore.connect(settings)
        store.prepare()
        key = object_keys.ruleset_key("lipovany", digest)
        store.put(key, content, "application/json")
        published = new_event(
            RulesetPublished(digest=digest, object_key=key, label="lipovany-1.0"),
            id=uuid4(),
            source="/tickets",
            time=NOW,
            subject=uuid4(),
            municipality="lipovany",
            confidentiality=Confidentiality.OPEN,
        )
        self.send(RULESETS.name, b"lipovany/ruleset.published", published.to_bytes())
        return digest

    def activate(self, settings: Settings, file: Path) -> str:
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        key = object_keys.model_key("lipovany", digest)
        S3ObjectStore.connect(settings).put(key, content, "application/octet-stream")
        activated = new_event(
            ModelActivated(digest=digest, object_key=key, label="2026-12-01"),
            id=uuid4(),
            source="/tickets",
            time=NOW,
            subject=uuid4(),
            municipality="lipovany",
            confidentiality=Confidentiality.OPEN,
        )
        self.send(RULESETS.name, MODEL_KEY, activated.to_bytes())
        return digest

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "router", *arguments]
        return subprocess.run(
            command, env=self.environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
        )

    def model_of(self, text: str, model: str) -> Event[Any]:
        """A decision that was made with this model: it comes to hold a moment after it is told."""

        def decided_with() -> Event[Any] | None:
            found = self.decided(self.open_case(text))
            return found if found.data.model == model else None

        event: Event[Any] = until(decided_with, f"a decision with the model {model[:8]}")
        return event

    def open_case(self, text: str) -> UUID:
        ticket = identity.ticket_id(uuid4())
        personal = TicketPersonal(salt=SALT, text=text)
        event = ticket_event(TicketOpened, personal=personal, after=snapshot(ticket_id=ticket))
        self.send(TICKET_EVENTS.name, str(ticket).encode(), event.to_bytes())
        return ticket

    def send(self, topic: str, key: bytes, value: bytes | None) -> None:
        assert all(self.producer.publish_all([Record(topic, key, value)]))

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "router", "serve"], env=self.environment)

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=60)

    def forget_decisions(self) -> None:
        """No register has these cases: its reader would stop at so many decisions on cases that do not exist."""
        client = AdminClient({"bootstrap.servers": self.bootstrap})
        ends = [TopicPartition(ROUTING.name, number, OFFSET_END) for number in range(ROUTING.partitions)]
        for gone in client.delete_records(ends).values():
            gone.result()

    def decisions(self, ticket: UUID) -> list[Event[Any]]:
        client = groupless_client(self.bootstrap)
        try:
            records = [
                record
                for number in partitions_of(client, ROUTING.name)
                for record in read_partition(client, ROUTING.name, number)
                if record.key == str(ticket).encode()
            ]
        except BrokerAway:
            # A topic made a moment ago may have no leader yet.
            return []
        finally:
            client.close()
        return [parse_event(record.value, EVENTS) for record in records]

    def decided(self, ticket: UUID) -> Event[Any]:
        found: list[Event[Any]] = until(lambda: self.decisions(ticket), "a decision")
        assert len({event.id for event in found}) == 1
        return found[0]


@pytest.fixture
def bench(servers: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    for name, value in servers.items():
        monkeypatch.setenv(name, value)
    import os

    made = Bench({**os.environ, "INSTANCE": uuid4().hex[:8]})
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    made.forget_decisions()
    made.producer.close()


def test_each_opened_case_is_decided_once_by_id_whatever_happens_to_the_process(bench: Bench) -> None:
    digest = bench.publish_pack(Settings())
    bench.start()
    first = bench.open_case("V Lipové ulici u čísla 12 nesvítí lampa.")
    decision = bench.decided(first)
    assert (decision.data.category, decision.data.pack) == ("streetlight-out", digest)
    assert decision.data.personal.place_phrase == "Lipová 12"

    bench.end(signal.SIGKILL)
    second = bench.open_case("Neteče nám voda z vodovodu.")
    bench.start()
    assert bench.decided(second).data.body == "vodarny"

    broken = str(uuid4()).encode()
    bench.send(TICKET_EVENTS.name, broken, b"{")
    third = bench.open_case("Na náměstí přetéká odpadkový koš.")
    assert bench.decided(third).data.category == "street-litter"
    assert bench.end(signal.SIGTERM) == 0
    for ticket in (first, second, third):
        bench.decided(ticket)


def test_what_people_corrected_is_learnt_holds_without_a_restart_and_can_be_taken_back(
    bench: Bench, tmp_path: Path
) -> None:
    settings, own, file = Settings(), shipped(), tmp_path / "candidate.npz"
    assert own is not None
    bench.publish_pack(settings)
    bench.send(RULESETS.name, MODEL_KEY, None)
    for event in history():
        bench.send(TICKET_EVENTS.name, str(event.subject).encode(), event.to_bytes())
    learnt = bench.run("learn", "--pack", "packs/lipovany", "--out", str(file))
    assert learnt.returncode == 0, learnt.stderr
    assert "learns from" in learnt.stdout
    assert f"python -m tickets model load {file}" in learnt.stdout

    bench.start()
    assert bench.model_of(ASKED.text, own.hash).data.category != LEARNT
    assert bench.model_of(ASKED.text, bench.activate(settings, file)).data.candidates[0].category == LEARNT
    bench.send(RULESETS.name, MODEL_KEY, None)
    bench.model_of(ASKED.text, own.hash)

    compared = bench.run("compare", "--pack", "packs/lipovany", "--against", "packs/lipovany", "--last", "10")
    assert compared.stdout == "10 messages: 10 decided alike, 0 otherwise\n"


def test_learning_and_comparing_without_a_broker_say_so(bench: Bench, tmp_path: Path) -> None:
    bench.environment["KAFKA_BOOTSTRAP"] = "127.0.0.1:1"
    for arguments in (
        ("learn", "--out", str(tmp_path / "c.npz")),
        ("compare", "--against", "packs/lipovany", "--last", "3"),
    ):
        done = bench.run(*arguments, "--pack", "packs/lipovany")
        assert (done.returncode, "KAFKA_BOOTSTRAP" in done.stderr) == (1, True)
