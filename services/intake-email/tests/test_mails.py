"""Odd and hostile mails, each with what a clerk would want of it (`mails/*.json`).

After a change that is meant: `UPDATE_GOLDEN=1 pytest services/intake-email/tests/test_mails.py`, then read `git diff`. What is written
must be what `about` says, not only what the code gives.
"""

import json
import os

import pytest

from .corpus import MADE, MAILS, Mail, corpus, outcome

ALL = corpus()


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
