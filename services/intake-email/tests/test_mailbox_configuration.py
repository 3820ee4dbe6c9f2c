"""The file with the mailboxes: what is wrong is said with its place, and no secret or address of it is repeated."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from intake_email.mailboxes import configuration
from intake_email.mailboxes.configuration import Mailbox, Wrong
from intake_email.recipients import AddressBook

from .builders import ADDRESS

ADDRESSES = AddressBook.read(f"{ADDRESS}=lipovany")
SECRETS = {"podatelna": {"password": SecretStr("heslo")}}
LEAST = {"name": "podatelna", "address": ADDRESS, "host": "imap.lipovany.test", "user": ADDRESS}
OAUTH = {"login": "xoauth2", "token": {"endpoint": "https://login.example.test/token", "client_id": "helpdesk"}}


def written(folder: Path, *mailboxes: dict[str, Any]) -> Path:
    path = folder / "mailboxes.yaml"
    path.write_text(yaml.safe_dump({"mailboxes": list(mailboxes)}), encoding="utf-8")
    return path


def read(folder: Path, *mailboxes: dict[str, Any], secrets: Any = SECRETS) -> list[Mailbox]:
    return configuration.read(written(folder, *mailboxes), ADDRESSES, secrets)


def test_the_least_mailbox_is_reached_over_verified_tls_and_keeps_old_mails_in(tmp_path: Path) -> None:
    [mailbox] = read(tmp_path, LEAST)
    assert (mailbox.security, mailbox.real_port, mailbox.since) == ("tls", 993, None)
    assert (mailbox.folder, mailbox.done, mailbox.refused) == ("INBOX", "Zpracované", "Odmítnuté")


def test_a_day_to_begin_from_is_a_plain_date(tmp_path: Path) -> None:
    path = tmp_path / "mailboxes.yaml"
    path.write_text(
        f"mailboxes:\n- {{name: podatelna, address: {ADDRESS}, host: h.test, user: u, since: 2026-11-01}}\n",
        encoding="utf-8",
    )
    [mailbox] = configuration.read(path, ADDRESSES, SECRETS)
    assert str(mailbox.since) == "2026-11-01"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"security": "plain"}, "plain is only for this machine"),
        ({"login": "xoauth2"}, "xoauth2 needs token"),
        ({"done": "INBOX"}, "three folders"),
        ({"name": "Podatelna paní"}, "mailboxes.0.name"),
        ({"user": "a\r\nb"}, "mailboxes.0.user"),
        ({"heslo": "tajne"}, "mailboxes.0.heslo"),
        ({"address": "nikdo@jinde.test"}, "none of MUNICIPALITIES"),
        ({"since": "loni"}, "mailboxes.0.since"),
        ({**OAUTH, "token": {"endpoint": "http://login.example.test", "client_id": "a"}}, "https"),
        (OAUTH, "MAILBOX_SECRETS has no client_secret"),
        ({**OAUTH, "token": {**OAUTH["token"], "grant": "refresh_token"}}, "has no refresh_token"),  # type: ignore[dict-item]
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_without_its_content(
    tmp_path: Path, changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(Wrong, match=told) as wrong:
        read(tmp_path, {**LEAST, **changed})
    assert "tajne" not in str(wrong.value)
    assert "nikdo" not in str(wrong.value)


def test_a_mailbox_needs_its_password(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match="MAILBOX_SECRETS has no password"):
        read(tmp_path, LEAST, secrets={})


def test_two_mailboxes_cannot_have_one_name(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match="two mailboxes"):
        read(tmp_path, LEAST, LEAST)


@pytest.mark.parametrize("content", [b"mailboxes: [", b"\xff\xfe", b"", b"mailboxes: []", b"heslo: tajne", b"[1]"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mailboxes.yaml"
    path.write_bytes(content)
    with pytest.raises(Wrong) as wrong:
        configuration.read(path, ADDRESSES, SECRETS)
    assert "tajne" not in str(wrong.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match="nowhere"):
        configuration.read(tmp_path / "nowhere", ADDRESSES, SECRETS)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_plain_is_possible_on_this_machine(host: str) -> None:
    assert Mailbox.model_validate({**LEAST, "host": host, "security": "plain"}).real_port == 143
