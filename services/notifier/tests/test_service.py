"""The service as a process, on real servers and before a real relay: what it promises holds through kills and outages."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

import packs
from contracts.envelope import Event, parse_event
from contracts.object_keys import ruleset_key
from contracts.registry import EVENTS, NOTIFICATIONS, RULESETS, TICKET_EVENTS, TOPICS
from contracts.sample_tickets import assigned_snapshot
from contracts.samples import ruleset_published
from contracts.tickets import TicketNumbered
from kit import mongo, topics
from kit.messages import Record
from kit.object_store import S3ObjectStore
from kit.partitions import groupless_client, partitions_of, read_partition
from kit.producer import Producer
from kit.settings import MongoSettings, ObjectStoreSettings

from .builders import TECHNICAL_SERVICES, event, lipovany, participant
from .relay_server import RelayServer

pytestmark = pytest.mark.integration

CANARY = "kanarek7391"
AT_ONCE = 16
DEADLINE = 90.0


class Service:
    """A process of the service; its lines are read when it has ended."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "notifier", "serve"],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self.process.stdout is not None
        self.head: list[bytes] = []
        for line in self.process.stdout:
            self.head.append(line)
            if b"health_listening" in line:
                break
        self.health = int(json.loads(self.head[-1])["port"])
        self._rest = asyncio.create_task(asyncio.to_thread(self.process.stdout.read))

    def reasons(self, what: str = "ready") -> dict[str, str]:
        """The reasons why it is not ready, or not live; none when it is."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health}/{what}", timeout=5) as answer:
                body = answer.read()
        except urllib.error.HTTPError as refused:
            body = refused.read()
            refused.close()
        return dict(json.loads(body)["reasons"])

    async def end(self, number: signal.Signals) -> tuple[int, str]:
        """Ends the process; its exit code and all that it said."""
        self.process.send_signal(number)
        rest = await self._rest
        code = await asyncio.to_thread(self.process.wait, 30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code, (b"".join(self.head) + rest).decode()


class Town:
    """The servers, a relay of our own, and what goes in and comes out."""

    def __init__(self, servers: Mapping[str, str]) -> None:
        self.relay = RelayServer()
        self.servers = servers
        self.domain = f"d{uuid4().hex[:10]}.test"
        self.prefix = f"test{uuid4().hex[:12]}"
        self.running: list[Service] = []

    def start(self) -> Service:
        own = {
            "SMTP_RELAY": f"127.0.0.1:{self.relay.port}",
            "MONGODB_PREFIX": self.prefix,
            "HEALTH_LISTEN": "127.0.0.1:0",
            "INSTANCE": "test-1",
        }
        self.running.append(Service({**self.servers, **own}))
        return self.running[-1]

    async def publish(self, *records: Record) -> None:
        producer = Producer(self.servers["KAFKA_BOOTSTRAP"], client_id="test")
        assert all(await asyncio.to_thread(producer.publish_all, records))
        producer.close()

    async def report(self, count: int) -> dict[str, UUID]:
        """So many numbered cases of so many people; the id of each person's case."""
        cases = {f"obcan-{number}@{self.domain}": uuid4() for number in range(count)}
        records = [
            Record(TICKET_EVENTS.name, str(case).encode(), numbered(address, case).to_bytes())
            for address, case in cases.items()
        ]
        await self.publish(*records)
        return cases

    def mails(self) -> Counter[str]:
        return Counter(mail.recipient for mail in self.relay.taken if mail.recipient.endswith(self.domain))

    async def outcomes(self, cases: Mapping[str, UUID]) -> list[Event[Any]]:
        def read() -> list[Event[Any]]:
            client = groupless_client(self.servers["KAFKA_BOOTSTRAP"])
            numbers = partitions_of(client, NOTIFICATIONS.name)
            values = [m.value for number in numbers for m in read_partition(client, NOTIFICATIONS.name, number)]
            client.close()
            return [parse_event(value, EVENTS) for value in values]

        ours = set(cases.values())
        return [one for one in await asyncio.to_thread(read) if one.subject in ours]

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not what():  # noqa: ASYNC110 - what is waited for is in another process
                await asyncio.sleep(0.02)

    async def until_told(self, cases: Mapping[str, UUID]) -> list[Event[Any]]:
        told: list[Event[Any]] = []
        async with asyncio.timeout(DEADLINE):
            while len({one.id for one in told}) < len(cases):
                told = await self.outcomes(cases)
        return told


def numbered(address: str, case: UUID) -> Event[Any]:
    return event(
        TicketNumbered,
        participant(address),
        address=address,
        time=datetime.now(UTC),
        after=assigned_snapshot(ticket_id=case, resolver=TECHNICAL_SERVICES),
        personal={"place_phrase": f"Husova 12 {CANARY}", "subject": CANARY, "message_id": f"<{CANARY}@example.test>"},
    )


@pytest.fixture
async def town(servers: Mapping[str, str]) -> AsyncIterator[Town]:
    topics.create(servers["KAFKA_BOOTSTRAP"], TOPICS)
    settings = ObjectStoreSettings(
        s3_endpoint=servers["S3_ENDPOINT"],
        s3_access_key=servers["S3_ACCESS_KEY"],
        s3_secret_key=SecretStr(servers["S3_SECRET_KEY"]),
    )
    store = S3ObjectStore.connect(settings)
    store.prepare()
    bundle = packs.bundle(lipovany())
    store.put(ruleset_key("lipovany", packs.digest(bundle)), bundle, "application/json")
    town = Town(servers)
    await town.relay.start()
    published = ruleset_published(packs.digest(bundle)).to_bytes()
    await town.publish(Record(RULESETS.name, b"lipovany/ruleset.published", published))
    yield town
    for service in town.running:
        if service.process.poll() is None:
            await service.end(signal.SIGKILL)
    await town.relay.stop()
    mongo_settings = MongoSettings(mongodb_uri=SecretStr(servers["MONGODB_URI"]), mongodb_prefix=town.prefix)
    database = mongo.connect(mongo_settings, "notifier")
    database.client.drop_database(database.name)
    database.client.close()


async def test_everybody_is_told_once_and_the_log_names_nobody(town: Town) -> None:
    service = town.start()
    cases = await town.report(30)
    told = await town.until_told(cases)
    assert town.mails() == dict.fromkeys(cases, 1)
    assert {one.type for one in told} == {"notification.sent"}
    assert len(told) == len({one.id for one in told}) == 30
    await town.until(lambda: service.reasons() == {})
    code, said = await service.end(signal.SIGTERM)
    assert code == 0
    for personal in (CANARY, town.domain, "Husova"):
        assert personal not in said
        assert personal not in str([one.model_dump_json() for one in told])


async def test_kills_at_any_moment_lose_nothing_and_every_repeat_is_the_same_mail_and_in_doubt(town: Town) -> None:
    count, kills = 150, 3
    service = town.start()
    cases = await town.report(count)
    for kill in range(1, kills + 1):
        await town.until(lambda kill=kill: len(town.mails()) >= kill * count // (kills + 2))  # type: ignore[misc]
        await service.end(signal.SIGKILL)
        service = town.start()
    told = await town.until_told(cases)
    mails = town.mails()
    assert mails.keys() == cases.keys()
    repeated = {address for address, times in mails.items() if times > 1}
    assert mails.total() - count <= kills * AT_ONCE
    ids = {(mail.recipient, mail.content) for mail in town.relay.taken if mail.recipient in mails}
    assert len(ids) == count, "a repeat is the same mail to the byte"
    in_doubt = {one.subject for one in told if one.data.in_doubt}
    assert {cases[address] for address in repeated} <= in_doubt
    assert len(in_doubt) <= kills * AT_ONCE


async def test_a_relay_that_is_away_keeps_the_service_alive_but_not_ready(town: Town) -> None:
    await town.relay.stop()
    service = town.start()
    cases = await town.report(3)
    await town.until(lambda: service.reasons().get("sender") == "relay-away")
    assert service.reasons("live") == {}
    assert await town.outcomes(cases) == []
    town.relay.released.clear()
    await town.relay.start()
    await town.until_told(cases)
    await town.until(lambda: service.reasons() == {})
    assert town.mails() == dict.fromkeys(cases, 1)


async def test_an_operator_sees_what_failed_without_names_and_asks_for_it_again(town: Town) -> None:
    town.start()
    town.relay.rcpt = {"obcan-0": "550 5.1.1 No such mailbox"}
    cases = await town.report(1)
    (told,) = await town.until_told(cases)
    assert (told.type, told.data.reason, told.data.status) == ("notification.failed", "refused", "5.1.1")
    shown = await town_command(town, "deliveries", "list", "--state", "failed")
    assert str(told.data.delivery_id) in shown
    assert "refused 5.1.1" in shown
    assert town.domain not in shown
    assert CANARY not in shown
    town.relay.rcpt = {}
    assert "1 due again" in await town_command(town, "deliveries", "retry", str(told.data.delivery_id))
    await town.until(lambda: town.mails().total() == 1)


async def town_command(town: Town, *arguments: str) -> str:
    environment = {**os.environ, **town.servers, "MONGODB_PREFIX": town.prefix}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "notifier", *arguments, env=environment, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode()
