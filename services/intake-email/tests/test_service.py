"""The service as a process, on a real broker and a real store: what it promises holds through outages and kills."""

import http.client
import json
import os
import re
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from contracts.envelope import Event, parse_event
from contracts.registry import EVENTS, REPORTS, TOPICS
from kit import topics
from kit.object_store import S3ObjectStore
from kit.partitions import groupless_client, partitions_of, read_partition
from kit.settings import ObjectStoreSettings

from .builders import ADDRESS, CITIZEN, file, multipart, part, photo

pytestmark = pytest.mark.integration

CANARY = "kanarek7391"


@pytest.fixture(scope="module")
def environment(servers: Mapping[str, str]) -> Mapping[str, str]:
    """The service's environment, with topics and bucket made."""
    topics.create(servers["KAFKA_BOOTSTRAP"], TOPICS)
    _store(servers).prepare()
    own = {"SMTP_LISTEN": "127.0.0.1:0", "HEALTH_LISTEN": "127.0.0.1:0", "MAIL_ANSWER_SECONDS": "4"}
    return {**os.environ, **servers, **own}


def _store(environment: Mapping[str, str]) -> S3ObjectStore:
    settings = ObjectStoreSettings(
        s3_endpoint=environment["S3_ENDPOINT"],
        s3_access_key=environment["S3_ACCESS_KEY"],
        s3_secret_key=SecretStr(environment["S3_SECRET_KEY"]),
    )
    return S3ObjectStore.connect(settings)


class Service:
    """A process of the service; `lines` are what it logged so far."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "intake_email", "serve"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.lines: list[str] = []
        self.smtp = self._port("smtp_listening")
        self.health = next(json.loads(line)["port"] for line in self.lines if "health_listening" in line)

    def _port(self, event: str) -> int:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.decode())
            if event in self.lines[-1]:
                return int(json.loads(line)["port"])
        raise AssertionError("".join(self.lines))

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=40)
        self.lines += rest.decode().splitlines()
        return self.process.returncode

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.health, timeout=30)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@contextmanager
def service(environment: Mapping[str, str], **changed: str) -> Iterator[Service]:
    started = Service({**environment, **changed})
    try:
        yield started
    finally:
        started.end(signal.SIGKILL)


def mail() -> bytes:
    """A report like no other."""
    text = f"Výmol v Lipové {uuid4()} {CANARY}\r\n"
    return multipart([part(text), file(photo(), "image/jpeg", f"{CANARY}.jpg")], Message_ID=f"<{uuid4()}@example.test>")


def hand_in(port: int, raw: bytes) -> str:
    """Hands a mail in; gives the report's id. Raises SMTPDataError where it is refused."""
    with smtplib.SMTP("127.0.0.1", port, timeout=40) as smtp:
        smtp.ehlo("mx.example.test")
        smtp.mail(CITIZEN)
        smtp.rcpt(ADDRESS)
        code, text = smtp.data(raw)
        if code != 250:
            raise smtplib.SMTPDataError(code, text)
        return text.decode().split()[-1]


def published(environment: Mapping[str, str]) -> dict[str, list[Event[Any]]]:
    """All events in the topic, by report."""
    found: dict[str, list[Event[Any]]] = {}
    client = groupless_client(environment["KAFKA_BOOTSTRAP"])
    try:
        for partition in partitions_of(client, REPORTS.name):
            for message in read_partition(client, REPORTS.name, partition):
                event = parse_event(message.value, EVENTS)
                found.setdefault(str(event.subject), []).append(event)
    finally:
        client.close()
    return found


def test_an_accepted_mail_is_in_the_store_and_in_the_topic(environment: Mapping[str, str]) -> None:
    raw = mail()
    with service(environment) as running:
        report_id = hand_in(running.smtp, raw)
        assert running.get("/ready")[0] == 200
        metrics = running.get("/metrics")[1]
        assert 'helpdesk_intake_total{answer="accepted",channel="email"} 1.0' in metrics
        assert running.end() == 0
    [event] = published(environment)[report_id]
    store = _store(environment)
    assert store.get(event.data.original.key) == raw
    assert json.loads(store.get(event.data.original.envelope_key))["recipients"] == [ADDRESS]
    assert store.get(event.data.parts[0].key) == photo()
    assert event.data.personal.photo_places
    output = "".join(running.lines) + metrics
    assert report_id in output
    assert CANARY not in output
    assert CITIZEN not in output


def test_a_repeated_mail_is_the_same_event_again(environment: Mapping[str, str]) -> None:
    raw = mail()
    with service(environment) as running:
        report_id = hand_in(running.smtp, raw)
        assert hand_in(running.smtp, b"Received: from elsewhere\r\n" + raw) == report_id
    events = published(environment)[report_id]
    assert len({event.id for event in events}) == 1
    assert len(events) == 2


@pytest.mark.parametrize(
    ("away", "check"),
    [({"KAFKA_BOOTSTRAP": "127.0.0.1:9"}, "broker"), ({"S3_ENDPOINT": "http://127.0.0.1:9"}, "store")],
)
def test_with_a_dependency_away_the_sender_is_asked_to_come_again_and_the_retry_repairs(
    environment: Mapping[str, str], away: dict[str, str], check: str
) -> None:
    raw = mail()
    with service(environment, **away) as running:
        began = time.monotonic()
        with pytest.raises(smtplib.SMTPDataError) as refused:
            hand_in(running.smtp, raw)
        assert refused.value.smtp_code == 451
        assert time.monotonic() - began < 6
        status, body = running.get("/ready")
        assert status == 503
        assert list(json.loads(body)["reasons"]) == [check]
        assert running.get("/live")[0] == 200
    with service(environment) as running:
        report_id = hand_in(running.smtp, raw)
    assert len(published(environment)[report_id]) == 1


def test_a_kill_in_the_middle_loses_nothing_that_was_accepted(environment: Mapping[str, str]) -> None:
    raws = [mail() for _ in range(12)]
    accepted: dict[bytes, str] = {}
    with service(environment) as running:
        for raw in raws[:4]:
            accepted[raw] = hand_in(running.smtp, raw)
        with socket.create_connection(("127.0.0.1", running.smtp), timeout=10) as peer:
            answers = peer.makefile("rb")
            for line in ("EHLO x", f"MAIL FROM:<{CITIZEN}>", f"RCPT TO:<{ADDRESS}>", "DATA"):
                peer.sendall(line.encode() + b"\r\n")
            while not answers.readline().startswith(b"354"):
                pass
            peer.sendall(raws[4] + b"\r\n.\r\n")
            running.end(signal.SIGKILL)
    with service(environment) as running:
        for raw in raws[4:]:
            accepted[raw] = hand_in(running.smtp, raw)
    assert len(set(accepted.values())) == len(raws)
    events = published(environment)
    assert [len({event.id for event in events[report_id]}) for report_id in accepted.values()] == [1] * len(raws)


def test_many_mails_at_once_are_each_registered_once(environment: Mapping[str, str]) -> None:
    with service(environment) as running, ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(lambda _: hand_in(running.smtp, mail()), range(60)))
        assert re.search(
            r'helpdesk_intake_total\{answer="accepted",channel="email"\} 60\.0', running.get("/metrics")[1]
        )
    assert len(set(reports)) == 60
