"""`make up`, `make status`, `make run`, `make down` as a person gives them, on any free ports and a directory of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.processes import is_alive, read_records

from .waiting import wait_until

SERVERS = ("KAFKA_BOOTSTRAP", "MONGODB_URI", "S3_ENDPOINT", "SMTP_RELAY")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    _command(tmp_path, "down")


def _command(root: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in SERVERS}
    command = (sys.executable, "-m", "deploy.local", "--root", str(root), *words)
    return subprocess.run(command, env={**clean, **environment}, capture_output=True, text=True, check=False)


def _restarts(root: Path, name: str) -> int:
    return next((record.restarts for record in read_records(root / "run") if record.name == name), 0)


@pytest.mark.integration
@pytest.mark.flow
def test_the_whole_system_comes_up_bears_a_kill_tells_its_story_and_goes_without_a_trace(root: Path) -> None:
    up = _command(root, "up", "--free-ports")
    assert up.returncode == 0, up.stdout + up.stderr
    assert "Everything is ready." in up.stdout
    again = _command(root, "up", "--free-ports")
    assert again.returncode == 0
    assert again.stdout.startswith("The system runs already.")
    assert _command(root, "status").returncode == 0

    records = {record.name: record for record in read_records(root / "run")}
    os.kill(records["notifier"].pid, signal.SIGKILL)
    wait_until(lambda: _restarts(root, "notifier") == 1)
    wait_until(lambda: _command(root, "status").returncode == 0, 60)
    status = _command(root, "status").stdout
    assert [line.split()[4] for line in status.splitlines() if line.startswith("notifier ")] == ["1"]
    assert "reports.tickets.dead" in status

    assert _command(root, "down").returncode == 0
    assert not any(is_alive(record) for record in records.values())
    assert os.listdir(root / "run") == ["lock"]
    assert _command(root, "status").returncode == 3

    told = _story(root)
    assert ["Přijato" in told, "Zaevidováno" in told, "Rozpoznáno" in told] == [True, True, True], told
    assert "Potvrzení odesláno občanovi." in told
    assert os.listdir(root / "run") == ["lock"]


def _story(root: Path) -> str:
    """What `run` says up to the Ctrl-C that it waits for, and after it."""
    clean = {name: value for name, value in os.environ.items() if name not in SERVERS}
    command = (sys.executable, "-m", "deploy.local", "--root", str(root), "run", "--free-ports")
    with subprocess.Popen(command, env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, "".join(lines)
    return "".join(lines)


def test_a_start_that_fails_says_why_and_where_to_read_more(root: Path) -> None:
    absent = {
        "KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "MONGODB_URI": "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100",
        "S3_ENDPOINT": "http://127.0.0.1:1",
        "SMTP_RELAY": "127.0.0.1:1",
    }
    failed = _command(root, "up", "--free-ports", **absent)
    assert failed.returncode == 1
    assert "failed (exit" in failed.stdout
    assert str(root / "log" / "supervisor.log") in failed.stdout
    assert os.listdir(root / "run") == ["lock"]


def test_keys_of_an_existing_store_are_passed_on_and_never_printed(root: Path) -> None:
    keys = {"S3_ENDPOINT": "http://127.0.0.1:1", "S3_ACCESS_KEY": "their-key", "S3_SECRET_KEY": "their-secret"}
    others = {"KAFKA_BOOTSTRAP": "127.0.0.1:1", "MONGODB_URI": "mongodb://127.0.0.1:1", "SMTP_RELAY": "127.0.0.1:1"}
    failed = _command(root, "up", "--free-ports", **keys, **others)
    everything = failed.stdout + failed.stderr + json.dumps([path.read_text() for path in (root / "log").glob("*.log")])
    assert "their-secret" not in everything
