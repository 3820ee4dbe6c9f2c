"""The service as a process of its own, on a real broker and store: killed, stopped, given broken events."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest

import packs
from contracts import identity, object_keys
from contracts.envelope import Event, new_event, parse_event
from contracts.registry import EVENTS, ROUTING, RULESETS, TICKET_EVENTS, TOPICS
from contracts.rulesets import RulesetPublished
from contracts.sample_tickets import SALT, snapshot, ticket_event
from contracts.tickets import TicketOpened, TicketPersonal
from contracts.types import Confidentiality
from kit import topics
from kit.messages import Record
from kit.object_store import S3ObjectStore
from kit.partitions import BrokerAway, groupless_client, partitions_of, read_partition
from kit.producer import Producer
from router.settings import Settings

from .builders import lipovany
from .test_handlers import NOW

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

    def open_case(self, text: str) -> UUID:
        ticket = identity.ticket_id(uuid4())
        personal = TicketPersonal(salt=SALT, text=text)
        event = ticket_event(TicketOpened, personal=personal, after=snapshot(ticket_id=ticket))
        self.send(TICKET_EVENTS.name, str(ticket).encode(), event.to_bytes())
        return ticket

    def send(self, topic: str, key: bytes, value: bytes) -> None:
        assert all(self.producer.publish_all([Record(topic, key, value)]))

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "router", "serve"], env=self.environment)

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=60)

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
