"""A town with a mailbox at a provider: what lies there becomes a case, and an answer that lies there joins it."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from deploy.local.dovecot import PASSWORD, Dovecot
from deploy.local.skipping import skipped_without

from .conftest import Town
from .wire import TOWN, eventually, letter

pytestmark = [pytest.mark.flow, pytest.mark.integration]


@dataclass(frozen=True)
class Provider:
    """The town's mailbox, and what the process that fetches from it has logged."""

    server: Dovecot
    log: Path

    def deliver(self, message: EmailMessage, name: str) -> None:
        """As the provider's delivery agent does."""
        returning = f"Return-Path: <{message['From']}>\r\nDelivered-To: {TOWN}\r\n".encode()
        self.server.deliver(returning + message.as_bytes(policy=SMTP), name=name)

    def reports(self, count: int) -> list[str]:
        """Waits for so many registered mails; their reports."""

        def look() -> list[str] | None:
            lines = [json.loads(line) for line in self.log.read_text().splitlines()]
            found = [line["report_id"] for line in lines if line["event"] == "mail_registered"]
            return found if len(found) >= count else None

        return eventually(look, "the mail is taken", 90)


@pytest.fixture
def provider(town: Town, tmp_path: Path) -> Iterator[Provider]:
    """Skips on a laptop where there is no mail server, fails in CI."""
    with ExitStack() as stack:
        with skipped_without("mail server"):
            server = stack.enter_context(Dovecot())
        named = {"name": "podatelna", "address": TOWN, "host": "localhost", "port": server.tls_port}
        named |= {"user": "podatelna", "certificate_authority": str(server.certificate)}
        (tmp_path / "mailboxes.yaml").write_text(json.dumps({"mailboxes": [named]}))
        told = {
            "IMAP_MAILBOXES": str(tmp_path / "mailboxes.yaml"),
            "MAILBOX_SECRETS": json.dumps({"podatelna": {"password": PASSWORD}}),
            "HEALTH_LISTEN": "127.0.0.1:0",
        }
        command = [sys.executable, "-m", "intake_email", "fetch"]
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(command, env={**os.environ, **town.system.environment, **told}, stdout=log)
        try:
            yield Provider(server, tmp_path / "log")
        finally:
            process.terminate()
            process.wait(60)


def test_a_mail_that_lies_in_a_mailbox_is_acknowledged_and_the_answer_to_that_joins_its_case(
    town: Town, provider: Provider
) -> None:
    sender = f"obcan-{uuid.uuid4().hex[:8]}@example.test"
    text = "Dobrý den, v Lipové ulici u čísla 12 nesvítí lampa veřejného osvětlení."
    provider.deliver(letter(sender, "Nesvítí lampa", text), "1.lampa")
    [report] = provider.reports(1)
    ticket = town.staff.ticket_of(report, 60)
    assert ticket["category"]["slug"] == "streetlight-out"
    acknowledgement = town.post.one(sender, str(ticket["number"]), 60)
    assert len(town.post.to(sender)) == 1

    reply_to = str(acknowledgement.message["Reply-To"].addresses[0].addr_spec)
    answer = letter(sender, f"Re: {acknowledgement.message['Subject']}", "Je to ta lampa u kašny.", to=reply_to)
    provider.deliver(answer, "2.lampa")
    town.staff.ticket_of(provider.reports(2)[1], 60)
    messages = town.staff.http.get(f"/tickets/{ticket['id']}/messages").json()["items"]
    assert "u kašny" in messages[-1]["text"]
