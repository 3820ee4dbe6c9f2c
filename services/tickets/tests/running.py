"""The staff API as a process of its own on real servers, with a case of each degree and people with tokens."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
from pydantic import SecretStr
from pymongo.database import Database

import packs
from contracts.registry import TOPICS
from contracts.sample_reports import MUNICIPALITY, PSEUDONYM_KEY, pseudonym_of
from contracts.types import Confidentiality
from kit import mongo, topics
from kit.mongo import Document
from kit.object_store import S3ObjectStore
from kit.settings import MongoSettings, ObjectStoreSettings
from tickets.batch_handler import now
from tickets.cases.permissions import StaffRole
from tickets.cases.town import Town
from tickets.handlers import ReportsHandler, RoutingHandler
from tickets.staff.tokens import StaffTokens
from tickets.store import MongoStore

from .builders import TEAM, messages, report, routing, ticket_of
from .conftest import PACK

Environment = Mapping[str, str]
PHOTO = b"\xff\xd8\xff\xe0" + b"x" * 100


@dataclass
class RunningApi:
    """Where it is, and what is behind it."""

    address: tuple[str, int]
    process: subprocess.Popen[bytes]
    database: Database[Document]
    objects: S3ObjectStore
    tickets: dict[Confidentiality, UUID] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{self.address[0]}:{self.address[1]}"

    def token(self, *roles: StaffRole) -> str:
        tokens = StaffTokens(self.database, now, PSEUDONYM_KEY)
        return tokens.create(MUNICIPALITY, roles, teams=[TEAM, "prislusna-osoba"])[1]

    def report_of(self, degree: Confidentiality) -> UUID:
        found = self.database["reports"].find_one({"ticket_id": self.tickets[degree]})
        assert found is not None
        report_id: UUID = found["_id"]
        return report_id

    def resident_kilobytes(self) -> int:
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


def free_port() -> int:
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        port: int = own.getsockname()[1]
        return port


@contextmanager
def running_api(servers: Environment, **settings: str) -> Iterator[RunningApi]:
    """Until it answers; stopped in the end."""
    port, prefix = free_port(), f"t{os.getpid()}_{uuid4().hex[:8]}"
    environment = {
        **os.environ, **servers, "MONGODB_PREFIX": prefix, "HEALTH_LISTEN": "127.0.0.1:0", "API_LISTEN": f"127.0.0.1:{port}",
        **settings,
    }  # fmt: skip
    topics.create(servers["KAFKA_BOOTSTRAP"], TOPICS)
    for arguments in (("prepare",), ("pack", "load", str(PACK))):
        command = [sys.executable, "-m", "tickets", *arguments]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
    own = mongo.connect(MongoSettings(mongodb_uri=SecretStr(servers["MONGODB_URI"]), mongodb_prefix=prefix), "tickets")
    store = ObjectStoreSettings(
        s3_endpoint=servers["S3_ENDPOINT"],
        s3_access_key=servers["S3_ACCESS_KEY"],
        s3_secret_key=SecretStr(servers["S3_SECRET_KEY"]),
    )
    process = subprocess.Popen([sys.executable, "-m", "tickets", "api"], env=environment, stdout=subprocess.DEVNULL)
    try:
        running = RunningApi(("127.0.0.1", port), process, own, S3ObjectStore.connect(store))
        _until_it_answers(running)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        own.client.drop_database(own.name)
        own.client.close()


def _until_it_answers(running: RunningApi) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(f"{running.url}/openapi.json").raise_for_status()
            return
        except httpx.HTTPError:
            assert running.process.poll() is None, "it ended"
            assert time.monotonic() < deadline, "it does not answer"
            threading.Event().wait(0.1)


def with_cases(running: RunningApi) -> RunningApi:
    """A case of each degree, with its files."""
    town = Town(MUNICIPALITY, packs.load(PACK), pseudonym_of)
    store = MongoStore(running.database, now)
    reports = ReportsHandler(store, lambda _: town, now)
    routings = RoutingHandler(store, lambda _: town, now)
    for degree in Confidentiality:
        event = report(f"Případ {degree} {uuid4()}")
        reports(messages(event))
        changes: dict[str, Any] = {"confidentiality": degree}
        if degree == Confidentiality.SEALED:
            changes |= {"category": "whistleblowing", "team": "prislusna-osoba"}
        running.tickets[degree] = ticket_of(event)
        routings(messages(routing(ticket_of(event), **changes)))
        record = running.database["reports"].find_one({"_id": event.data.report_id})
        assert record is not None
        running.objects.put(record["original"]["key"], b"From: obcan@example.test\r\n\r\n<script>")
        for part in record["parts"]:
            running.objects.put(part["key"], PHOTO)
    return running
