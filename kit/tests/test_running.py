"""Settings, logs, health, stopping, tracing: what every service stands on."""

import base64
import io
import json
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import Field, model_validator

from kit import logs, metrics, settings, stopping, tracing
from kit.health import HealthServer
from kit.settings import KafkaSettings, SecretSettings, ServiceSettings


class Settings(ServiceSettings, KafkaSettings, SecretSettings):
    size_limit: int = Field(default=5, gt=0, description="Largest size.")


def test_the_environment_wins_over_the_secrets_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    key = base64.b64encode(b"k" * 32).decode()
    file.write_text(json.dumps({"pseudonym_key": key, "reply_token_keys": {"a1": key}, "size_limit": 7}))
    monkeypatch.setenv("SECRETS_FILE", str(file))
    monkeypatch.setenv("SIZE_LIMIT", "9")
    loaded = settings.load(Settings)
    assert loaded.size_limit == 9
    assert loaded.pseudonym_key.get_secret_value() == b"k" * 32
    assert loaded.reply_token_keys["a1"].get_secret_value() == b"k" * 32


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSEUDONYM_KEY", base64.b64encode(b"canary-canary-16").decode())
    assert "canary" not in repr(settings.load(Settings))


def test_a_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIZE_LIMIT", "canary")
    with pytest.raises(SystemExit):
        settings.load(Settings)
    told = capsys.readouterr().err
    assert "SIZE_LIMIT" in told
    assert "canary" not in told


class Listening(Settings):
    api_listen: str = "127.0.0.1:1"
    mail_relay: str = "127.0.0.1:2"

    @model_validator(mode="after")
    def _fits_together(self) -> "Listening":
        if self.api_listen == self.mail_relay:
            raise ValueError("API_LISTEN and MAIL_RELAY are the same")
        return self


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"MAIL_RELAY": "nonsense"}, ["setting MAIL_RELAY: not host:port: nonsense"]),
        ({"API_LISTEN": "127.0.0.1:66000"}, ["setting API_LISTEN: not host:port: 127.0.0.1:66000"]),
        ({"HEALTH_LISTEN": "8100", "MAIL_RELAY": "a:b"}, ["setting HEALTH_LISTEN: not host:port: 8100", "setting MAIL_RELAY: not host:port: a:b"]),
        ({"API_LISTEN": "a:1", "MAIL_RELAY": "a:1"}, ["settings: API_LISTEN and MAIL_RELAY are the same"]),
    ],
)  # fmt: skip
def test_what_is_no_address_is_told_once_with_the_name_of_its_setting(
    told: dict[str, str], said: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        settings.load(Listening)
    assert sorted(capsys.readouterr().err.splitlines()) == said


def test_a_short_key_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PSEUDONYM_KEY", base64.b64encode(b"short").decode())
    with pytest.raises(SystemExit):
        settings.load(Settings)
    assert "shorter than 16 bytes" in capsys.readouterr().err


def test_help_tells_every_setting_with_its_description() -> None:
    text = settings.argument_parser("intake", "Purpose.", Settings).format_help()
    assert "SIZE_LIMIT=5" in text
    assert "Largest size." in text
    assert "SECRETS_FILE" in text
    assert all(description for _, _, description in settings.described(Settings))


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter("service", "1"))
    logger = logging.getLogger("test-lines")
    logger.addHandler(handler)
    yield stream
    logger.removeHandler(handler)


def test_a_line_holds_the_ids_in_hand_and_fields_that_are_known(lines: io.StringIO) -> None:
    with logs.bind(event_id="e-1"):
        logging.getLogger("test-lines").warning("report_received", extra={"ticket_id": "t-1", "subject": "canary"})
    line = json.loads(lines.getvalue())
    assert (line["event"], line["event_id"], line["ticket_id"]) == ("report_received", "e-1", "t-1")
    assert "canary" not in lines.getvalue()


def test_an_exception_is_told_without_its_text(lines: io.StringIO) -> None:
    try:
        try:
            int("canary")
        except ValueError as error:
            raise RuntimeError("canary again") from error
    except RuntimeError:
        logging.getLogger("test-lines").exception("failed")
    assert "canary" not in lines.getvalue()
    assert "builtins.RuntimeError at test_running.py" in lines.getvalue()
    assert "builtins.ValueError" in lines.getvalue()


def test_a_foreign_message_is_kept_as_its_place_only(lines: io.StringIO) -> None:
    logging.getLogger("test-lines").warning("mail from %s", "canary@example.test")
    assert "canary" not in lines.getvalue()
    assert "test_a_foreign_message" in json.loads(lines.getvalue())["event"]


def _get(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_health_says_why_it_is_not_ready_and_still_lives() -> None:
    reason: list[str | None] = ["database-away"]
    with HealthServer("127.0.0.1:0", ready={"database": lambda: reason[0]}) as health:
        assert _get(health.port, "/ready") == (503, b'{"status":"failing","reasons":{"database":"database-away"}}')
        assert _get(health.port, "/live")[0] == 200
        reason[0] = None
        assert _get(health.port, "/ready")[0] == 200
        metrics.INTAKE.labels("test", "accepted").inc()
        assert b'helpdesk_intake_total{answer="accepted"' in _get(health.port, "/metrics")[1]
        assert _get(health.port, "/other")[0] == 404


def test_a_check_that_raises_is_a_check_that_fails() -> None:
    def broken() -> str | None:
        raise KeyError("canary")

    with HealthServer("127.0.0.1:0", ready={"check": broken}) as health:
        assert _get(health.port, "/ready") == (503, b'{"status":"failing","reasons":{"check":"KeyError"}}')


def test_a_part_that_fails_stops_the_others_and_the_process_says_so() -> None:
    stopped: list[str] = []

    def patient(stop: threading.Event) -> None:
        stop.wait()
        stopped.append("patient")

    def failing(_: threading.Event) -> None:
        raise RuntimeError

    assert stopping.run_parts({"patient": patient, "failing": failing}, threading.Event()) == 1
    assert stopped == ["patient"]


def test_a_part_that_returns_early_is_a_failure() -> None:
    assert stopping.run_parts({"early": lambda _: None}, threading.Event()) == 1


def test_an_orderly_stop_is_no_failure() -> None:
    def patient(stop: threading.Event) -> None:
        stop.wait()

    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    assert stopping.run_parts({"part": patient}, stop) == 0


def test_a_trace_goes_on_and_a_broken_one_begins_anew() -> None:
    first = tracing.new_traceparent()
    child = tracing.child_of(first)
    assert child.split("-")[1] == first.split("-")[1]
    assert child.split("-")[2] != first.split("-")[2]
    assert tracing.child_of("nonsense").split("-")[1] != first.split("-")[1]
    assert tracing.child_of(None)
