"""Settings, signing keys, what the relay's answers are called, and outcome events."""

from typing import Any

import pytest
from pydantic import SecretBytes, SecretStr, ValidationError

from contracts.envelope import parse_event
from contracts.registry import EVENTS
from notifier.__main__ import main
from notifier.deliveries import Accepted, answered, asked_again, cancelled, doubted, failed, tried
from notifier.events import outcome_of, record_of
from notifier.sending.relay import Security, status_of
from notifier.settings import Settings
from notifier.wiring import now, pseudonym_key, relay_address, signing_key

from .builders import NOW, delivery


@pytest.fixture(autouse=True)
def _no_secrets_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRETS_FILE", raising=False)


def test_without_a_key_the_service_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve"]) == 2
    assert "REPLY_TOKEN_KEYS" in capsys.readouterr().err


def test_without_the_key_of_pseudonyms_nothing_is_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLY_TOKEN_KEYS", '{"a1": "Zm9yIHRlc3RzIG9ubHksIG5ldmVyIGZvciBhIHRvd24="}')
    assert main(["serve"]) == 2
    assert "PSEUDONYM_KEY" in capsys.readouterr().err
    with pytest.raises(ValueError, match="PSEUDONYM_KEY"):
        pseudonym_key(Settings())
    assert pseudonym_key(Settings(pseudonym_key=SecretBytes(b"a key for tests only"))) == b"a key for tests only"


def test_the_newest_key_signs() -> None:
    keys = {"a1": SecretBytes(b"first of the keys"), "a2": SecretBytes(b"second of the keys")}
    key = signing_key(Settings(reply_token_keys=keys))
    assert (key.key_id, key.key) == ("a2", b"second of the keys")
    with pytest.raises(ValueError, match="REPLY_TOKEN_KEYS"):
        signing_key(Settings(reply_token_keys={}))


def test_a_password_does_not_travel_in_the_open() -> None:
    secret: dict[str, Any] = {"smtp_username": "town", "smtp_password": SecretStr("kanarek")}
    with pytest.raises(ValidationError, match="SMTP_SECURITY"):
        Settings(smtp_relay="relay.example.test:587", **secret)
    protected = Settings(smtp_relay="relay.example.test:587", smtp_security=Security.STARTTLS, **secret)
    assert relay_address(protected).password == "kanarek"
    assert "kanarek" not in repr(protected)
    assert relay_address(Settings(smtp_relay="[::1]:2525", **secret)).host == "::1"


def test_without_a_user_there_is_no_login() -> None:
    address = relay_address(Settings(smtp_relay="127.0.0.1:2525"))
    assert (address.username, address.password, address.security) == (None, None, Security.NONE)


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        (550, "5.1.1 No such mailbox", "5.1.1"),
        (451, "4.7.1 Greylisted", "4.7.1"),
        (550, "No such mailbox", None),
        (550, "4.1.1 of another class", None),
        (550, "5.1.1000 no code", None),
        (550, "5.1.1\n5.1.2 two lines", "5.1.1"),
    ],
)
def test_a_status_is_taken_only_where_it_fits_the_answer(code: int, message: str, status: str | None) -> None:
    assert status_of(code, message) == status


def test_an_outcome_is_an_event_of_the_contracts_with_an_id_that_a_repeat_shares() -> None:
    sent = answered(tried(delivery(), NOW), Accepted(), NOW)
    read = parse_event(record_of(sent).value, EVENTS)
    assert (read.type, read.causationid, read.subject) == ("notification.sent", sent.event_id, sent.ticket_id)
    assert (read.data.template, read.data.attempts, read.data.in_doubt) == ("acknowledgement", 1, False)
    assert outcome_of(sent).id == outcome_of(sent).id
    assert outcome_of(answered(tried(doubted(delivery()), NOW), Accepted(), NOW)).data.in_doubt


def test_what_is_asked_for_again_ends_in_another_event() -> None:
    first = failed(tried(delivery(), NOW), "refused", NOW)
    again = asked_again(first, NOW)
    assert again is not None
    second = failed(tried(again, NOW), "refused", NOW)
    assert outcome_of(first).type == outcome_of(second).type == "notification.failed"
    assert outcome_of(first).id != outcome_of(second).id


def test_an_outcome_names_nobody() -> None:
    told = record_of(failed(delivery(), "refused", NOW))
    assert b"example.test" not in (told.value or b"")
    assert told.key == str(delivery().ticket_id).encode()


def test_what_is_open_has_no_outcome() -> None:
    with pytest.raises(ValueError, match="not finished"):
        outcome_of(delivery())
    assert not cancelled(delivery(), NOW).untold


def test_the_time_is_as_exact_as_the_database() -> None:
    assert now().microsecond % 1000 == 0
