import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.processes import (
    Record,
    boot_id,
    is_alive,
    memory_bytes,
    read_records,
    remove_record,
    start_ticks,
    stop_recorded,
    write_record,
)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def recorded(process: subprocess.Popen[bytes], name: str = "sleeper") -> Record:
    started = start_ticks(process.pid)
    assert started is not None
    return Record(name, process.pid, started, boot_id(), since=time.time())


def test_a_recorded_process_is_stopped(sleeper: subprocess.Popen[bytes]) -> None:
    record = recorded(sleeper)
    assert is_alive(record)
    assert stop_recorded(record, seconds=5)
    assert sleeper.wait(5) != 0
    assert not is_alive(record)


def test_another_process_with_the_same_number_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    earlier = replace(recorded(sleeper), started=recorded(sleeper).started - 1)
    assert not is_alive(earlier)
    assert not stop_recorded(earlier, seconds=5)
    assert sleeper.poll() is None


def test_a_record_from_before_the_machine_was_restarted_means_nobody(sleeper: subprocess.Popen[bytes]) -> None:
    earlier = replace(recorded(sleeper), boot="another boot")
    assert not stop_recorded(earlier, seconds=5)
    assert sleeper.poll() is None


def test_what_does_not_listen_to_the_first_signal_is_ended_by_the_second() -> None:
    stubborn = subprocess.Popen(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"], stdout=-1)
    assert stubborn.stdout is not None
    with stubborn.stdout:
        stubborn.stdout.readline()
        assert stop_recorded(recorded(stubborn), seconds=0.2)
        assert stubborn.wait(5) == -9


def test_a_dead_process_that_nobody_has_collected_counts_as_gone(sleeper: subprocess.Popen[bytes]) -> None:
    record = recorded(sleeper)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert start_ticks(sleeper.pid) is None
    assert not is_alive(record)


def test_records_are_kept_by_name_and_half_files_are_passed_over(tmp_path: Path) -> None:
    first = Record("first", 11, 22, "boot", since=1.5, restarts=3)
    write_record(tmp_path, first)
    write_record(tmp_path, replace(first, name="second"))
    (tmp_path / "torn.json").write_text('{"name": "to')
    (tmp_path / "strange.json").write_text("[1]")
    assert read_records(tmp_path) == [first, replace(first, name="second")]
    remove_record(tmp_path, "first")
    remove_record(tmp_path, "never there")
    assert [record.name for record in read_records(tmp_path)] == ["second"]


def test_memory_is_known_for_the_living_only(sleeper: subprocess.Popen[bytes]) -> None:
    assert memory_bytes(os.getpid()) > 5_000_000
    sleeper.kill()
    sleeper.wait()
    assert memory_bytes(sleeper.pid) == 0
