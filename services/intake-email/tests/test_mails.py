"""Odd and hostile mails, each with what a clerk would want of it (`mails/*.json`).

After a change that is meant: `UPDATE_GOLDEN=1 pytest services/intake-email/tests/test_mails.py`, then read `git diff`. What is written
must be what `about` says, not only what the code gives.
"""

import json
import os
import re

import pytest

from contracts.reports import InboundMessage, PartKind

from .golden_mails import MADE, MAILS, Mail, golden_mails, outcome, taken_in

ALL = golden_mails()
MARKUP = re.compile(
    r"<\s*/?\s*(script|style|img|iframe|a|p|div|span|object|svg|body|html)\b|onerror|javascript:", re.IGNORECASE
)


@pytest.mark.parametrize("mail", ALL, ids=lambda mail: mail.name)
def test_a_mail_becomes_what_a_clerk_would_want(mail: Mail) -> None:
    made = outcome(mail)
    if os.environ.get("UPDATE_GOLDEN"):
        envelope = {"sender": mail.sender, "recipient": mail.recipient}
        document = {"about": mail.about, "envelope": envelope, "expected": made}
        mail.expectation.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    expected = json.loads(mail.expectation.read_text())["expected"]
    assert json.loads(json.dumps(made)) == expected, f"{mail.about} See how to update at the top of this file."


def test_every_mail_has_its_expectation_and_every_expectation_its_mail() -> None:
    assert {path.stem for path in MAILS.glob("*.json")} == {path.stem for path in MAILS.glob("*.eml")} | MADE.keys()


def test_the_mails_stay_small() -> None:
    assert sum(path.stat().st_size for path in MAILS.iterdir()) < 1_000_000


@pytest.mark.parametrize("mail", [mail for mail in ALL if b"text/html" in mail.raw[:5_000]], ids=lambda mail: mail.name)
def test_html_never_leaves_as_html(mail: Mail) -> None:
    """Texts of an event are plain; a page escapes them like any text. Parts that are HTML keep their type and are no document."""
    event = taken_in(mail.raw, mail.sender, mail.recipient)
    if isinstance(event.data, InboundMessage):
        assert not MARKUP.search(f"{event.data.personal.text}\n{event.data.personal.quote}")
        for found in event.data.parts:
            assert found.media_type not in ("text/html", "image/svg+xml") or found.kind is PartKind.OTHER
