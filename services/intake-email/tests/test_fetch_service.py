"""`fetch` as processes, on a real mailbox, broker and store: two at once, kills, and the same mail by both doors."""

import http.client
import json
import os
import re
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from contracts.registry import TOPICS
from deploy.local.dovecot import PASSWORD, Dovecot
from kit import topics
from kit.object_store import S3ObjectStore
from kit.settings import ObjectStoreSettings

from .builders import ADDRESS, CITIZEN
from .mail_servers import DONE, REFUSED, Person, dovecot
from .test_mailboxes import eventually, letter
from .test_service import published

pytestmark = pytest.mark.integration

USER = "podatelna"
PATIENCE = 120.0
"""A process needs seconds to start, on a busy machine many."""


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot(users=[USER, "druha"]) as started:
        yield started


@pytest.fixture(scope="module")
def environment(
    servers: Mapping[str, str], server: Dovecot, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """What `fetch` is told; the mailboxes' secrets stand in the file of SECRETS_FILE, beside the others."""
    topics.create(servers["KAFKA_BOOTSTRAP"], TOPICS)
    S3ObjectStore.connect(ObjectStoreSettings.model_validate({k.lower(): v for k, v in servers.items()})).prepare()
    folder = tmp_path_factory.mktemp("fetch")
    mailboxes = folder / "mailboxes.yaml"
    told = {"address": ADDRESS, "host": "localhost", "port": server.tls_port, "poll_seconds": 1}
    ca = {"certificate_authority": str(server.certificate)}
    mailboxes.write_text(json.dumps({"mailboxes": [{"name": USER, "user": USER, **told, **ca}]}))
    secrets = json.loads(Path(servers["SECRETS_FILE"]).read_text())
    (folder / "secrets.json").write_text(json.dumps({**secrets, "mailbox_secrets": {USER: {"password": PASSWORD}}}))
    own = {"IMAP_MAILBOXES": str(mailboxes), "SECRETS_FILE": str(folder / "secrets.json")}
    return {**os.environ, **servers, **own, "HEALTH_LISTEN": "127.0.0.1:0", "SMTP_LISTEN": "127.0.0.1:0"}


class Process:
    """`fetch` or `serve`, with its log in a file."""

    def __init__(self, environment: Mapping[str, str], log: Path, command: str = "fetch") -> None:
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "intake_email", command], env=environment, stdout=out, stderr=out
            )

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def port(self, event: str) -> int:
        eventually(lambda: [line for line in self.lines() if line["event"] == event], PATIENCE)
        return next(int(line["port"]) for line in self.lines() if line["event"] == event)

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port("health_listening"), timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGKILL)


def subjects(environment: Mapping[str, str], mark: str) -> list[str]:
    """Subjects of the reports of one test, each report once."""
    found = [events[0].data.personal.subject for events in published(environment).values()]
    return sorted(subject for subject in found if subject.startswith(mark))


def test_two_processes_and_kills_among_them_lose_no_mail_and_double_no_report(
    environment: Mapping[str, str], server: Dovecot, tmp_path: Path
) -> None:
    for number in range(60):
        server.deliver(letter(Subject=f"dvojice {number:02}"), name=f"d{number:02}.a")
    with Person(server) as person, Process(environment, tmp_path / "first") as first:
        with Process(environment, tmp_path / "second") as second:
            eventually(lambda: len(person.lying(DONE)) > 0, PATIENCE)
            first.end(signal.SIGKILL)
            eventually(lambda: not person.lying(), PATIENCE)
            assert second.end() == 0
        assert len(set(person.content(DONE))) == 60
    assert subjects(environment, "dvojice") == [f"dvojice {number:02}" for number in range(60)]


def test_a_mail_that_comes_by_both_doors_is_one_report(
    environment: Mapping[str, str], server: Dovecot, tmp_path: Path
) -> None:
    raw = letter(Subject="dvere")
    server.deliver(b"Return-Path: <obcan@example.test>\r\nDelivered-To: x@y.test\r\n" + raw, name="both.a")
    with Process(environment, tmp_path / "fetch") as fetch, Process(environment, tmp_path / "serve", "serve") as serve:
        with smtplib.SMTP("127.0.0.1", serve.port("smtp_listening"), timeout=40) as smtp:
            smtp.sendmail(CITIZEN, [ADDRESS], raw)
        eventually(lambda: [line for line in fetch.lines() if line["event"] == "mail_registered"], PATIENCE)
        assert fetch.end() == serve.end() == 0
    assert subjects(environment, "dvere") == ["dvere"]


def test_health_metrics_and_log_tell_of_each_mailbox_and_nothing_personal(
    environment: Mapping[str, str], server: Dovecot, tmp_path: Path
) -> None:
    server.deliver(letter("kanarek7391", Subject="kanarek7391"), name="canary.a")
    server.deliver(b"Received: kanarek7391\r\n" * 101 + letter(), name="loop.a")
    with Person(server) as person, Process(environment, tmp_path / "fetch") as fetch:
        eventually(lambda: person.lying(REFUSED), PATIENCE)
        eventually(lambda: not person.lying(), PATIENCE)
        eventually(lambda: fetch.get("/ready")[0] == 200, PATIENCE)
        metrics = fetch.get("/metrics")[1]
        assert 'helpdesk_mailbox_ready{mailbox="podatelna"} 1.0' in metrics
        assert 'helpdesk_mailbox_mails_total{mailbox="podatelna",outcome="loop"} 1.0' in metrics
        assert re.search(r'helpdesk_mailbox_mails_total\{mailbox="podatelna",outcome="done"\} \d', metrics)
        server.stop()
        eventually(lambda: "mailbox-podatelna" in fetch.get("/ready")[1], PATIENCE)
        assert fetch.get("/live")[0] == 200
        server.start()
        eventually(lambda: fetch.get("/ready")[0] == 200, PATIENCE)
        assert fetch.end() == 0
    output = fetch.log.read_text() + metrics
    assert any(line["event"] == "mails_refused" and line["reason"] == "loop" for line in fetch.lines())
    for secret in ("kanarek7391", PASSWORD, CITIZEN):
        assert secret not in output


def test_the_books_name_what_was_put_among_the_done_ones_by_hand(
    environment: Mapping[str, str], server: Dovecot, tmp_path: Path
) -> None:
    server.deliver(letter(Subject="kniha"), name="book.a")
    command = [sys.executable, "-m", "intake_email", "mailboxes"]
    with Person(server) as person:
        with Process(environment, tmp_path / "fetch"):
            eventually(lambda: person.lying(DONE) and not person.lying(), PATIENCE)
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stdout + told.stderr
        assert "python -m tickets ledger --day" in told.stdout
        person.client.append(DONE, letter(Subject="kniha"))
        by_hand = max(person.lying(DONE))
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        person.client.select_folder(DONE)
        person.client.delete_messages([by_hand])
        person.client.expunge()
    assert told.returncode == 1
    assert f"done and not kept: UID {by_hand}\n" in told.stdout


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("IMAP_MAILBOXES", "", "setting IMAP_MAILBOXES"),
        ("IMAP_MAILBOXES", "/nowhere.yaml", "/nowhere.yaml"),
        ("SECRETS_FILE", "of-the-others", "MAILBOX_SECRETS has no password"),
    ],
)
def test_a_wrong_setting_ends_it_at_once_by_name(
    environment: Mapping[str, str], servers: Mapping[str, str], tmp_path: Path, setting: str, value: str, told: str
) -> None:
    changed = {setting: servers["SECRETS_FILE"] if value == "of-the-others" else value}
    with Process({**environment, **changed}, tmp_path / "fetch") as fetch:
        assert fetch.process.wait(PATIENCE) == 2
    assert told in fetch.log.read_text()
