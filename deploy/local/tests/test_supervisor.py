"""The supervisor on small programs; the real servers are in test_servers.py."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.places import Places
from deploy.local.ports import HOST, Ports
from deploy.local.processes import read_records, start_ticks
from deploy.local.programs import Program, StartFailed, Step, Stopped
from deploy.local.supervisor import Supervisor
from deploy.local.watched import LONGEST_PAUSE, RECOVERED_SECONDS, last_lines, pause_before_restart

from .waiting import wait_until

SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def supervisor(places: Places, told: list[str]) -> Iterator[Supervisor]:
    running = Supervisor(places, dict(os.environ), told.append)
    yield running
    running.stop()
    assert read_records(places.run) == []


def program(
    name: str = "program",
    code: str = SLEEP,
    ready: Callable[[], bool] = lambda: True,
    ports: tuple[int, ...] = (),
    *,
    seconds: float = 10,
) -> Program:
    command = (sys.executable, "-c", code)
    return Program(name, command, ready, ports, ready_seconds=seconds, stop_seconds=seconds, instead="SERVER_URL")


def test_programs_start_side_by_side_and_have_a_record_and_a_log(
    supervisor: Supervisor, places: Places, told: list[str]
) -> None:
    log = places.log / "talker.log"
    both_there = threading.Barrier(2, timeout=10)

    def meet() -> bool:
        both_there.wait()
        return True

    supervisor.start(
        [program("other", ready=meet), program("talker", f"print('hello', flush=True); {SLEEP}", ready=meet)]
    )
    wait_until(lambda: log.read_text() == "hello\n")
    assert [record.name for record in read_records(places.run)] == ["other", "talker"]
    assert sorted(line.split(" after")[0] for line in told) == ["other is ready", "talker is ready"]


def test_what_is_killed_starts_again_and_its_record_says_so(
    supervisor: Supervisor, places: Places, told: list[str]
) -> None:
    supervisor.start([program()])
    first = supervisor.watched("program").pid
    supervisor.watched("program").signal(signal.SIGKILL)
    wait_until(lambda: [record.restarts for record in read_records(places.run)] == [1])
    assert first is not None
    assert start_ticks(first) is None
    assert supervisor.watched("program").pid not in (None, first)
    assert any("died" in line and "signal 9" in line for line in told)


def test_what_is_halted_stays_halted_until_it_is_restarted(supervisor: Supervisor, places: Places) -> None:
    supervisor.start([program("halted"), program("killed")])
    supervisor.watched("halted").halt()
    # The other one's new start shows that the watcher has looked at both.
    supervisor.watched("killed").signal(signal.SIGKILL)
    wait_until(lambda: supervisor.watched("killed").deaths == 1 and supervisor.watched("killed").pid)
    assert supervisor.watched("halted").pid is None
    assert [record.name for record in read_records(places.run)] == ["killed"]
    supervisor.restart("halted")
    assert supervisor.watched("halted").pid is not None


def test_a_program_that_cannot_start_fails_with_the_end_of_its_log(supervisor: Supervisor, places: Places) -> None:
    with pytest.raises(StartFailed, match="died 3 times") as failed:
        supervisor.start([program(code="raise SystemExit('no disk here')", ready=lambda: False)])
    assert "no disk here" in str(failed.value)
    assert str(places.log / "program.log") in str(failed.value)


def test_a_program_that_was_told_something_wrong_is_asked_only_once(supervisor: Supervisor) -> None:
    wrong = "import sys; print('setting SIZE: too large', file=sys.stderr); sys.exit(2)"
    with pytest.raises(StartFailed, match="does not start with these settings") as failed:
        supervisor.start([program(code=wrong, ready=lambda: False)])
    assert str(failed.value).count("setting SIZE: too large") == 1


def test_a_failure_shows_nothing_of_earlier_starts(places: Places, told: list[str]) -> None:
    places.log.mkdir()
    for name in ("program", "step"):
        (places.log / f"{name}.log").write_text("of an earlier start\n" * 3)
    failing = "raise SystemExit('of this start')"
    supervisor = Supervisor(places, dict(os.environ), told.append)
    with pytest.raises(StartFailed, match="of this start") as failed_step:
        supervisor.run_steps([Step("step", (sys.executable, "-c", failing))])
    supervisor.stop()
    supervisor = Supervisor(places, dict(os.environ), told.append)
    with pytest.raises(StartFailed, match="of this start") as failed_program:
        supervisor.start([program(code=failing, ready=lambda: False)])
    supervisor.stop()
    for failed in (failed_step, failed_program):
        assert "earlier" not in str(failed.value)


def test_a_log_that_was_put_aside_meanwhile_is_shown_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "program.log"
    log.write_text("begun anew\n")
    assert last_lines(log, since=1000) == "begun anew"


def test_a_command_that_is_not_there_fails_at_once(supervisor: Supervisor) -> None:
    with pytest.raises(StartFailed, match="cannot be started"):
        supervisor.start([Program("program", ("/does/not/exist",), lambda: True, ())])


def test_a_program_that_never_gets_ready_fails_in_its_time(supervisor: Supervisor) -> None:
    with pytest.raises(StartFailed, match="was not ready within 0 s"):
        supervisor.start([program(ready=lambda: False, seconds=0.2)])


def test_one_failure_ends_the_waiting_for_the_others(supervisor: Supervisor) -> None:
    began = time.monotonic()
    with pytest.raises(StartFailed, match="quick"):
        supervisor.start(
            [program("slow", ready=lambda: False, seconds=60), program("quick", ready=lambda: False, seconds=0.1)]
        )
    assert time.monotonic() - began < 30


def test_a_taken_port_is_named_and_nothing_is_started(supervisor: Supervisor, places: Places) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StartFailed, match=f"port {port}, which program needs, is taken.*SERVER_URL"):
            supervisor.start([program(ports=(port,))])
    assert read_records(places.run) == []


def test_stages_stop_in_reverse_order(places: Places, tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    code = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(open({0!r}, 'a').write({1!r})))\n"
    code += "open({2!r}, 'w')\nsignal.pause()"

    def noting(name: str) -> Program:
        there = tmp_path / f"{name}-there"
        return program(name, code.format(str(ends), f"{name} ", str(there)), ready=there.exists)

    supervisor = Supervisor(places, dict(os.environ), lambda line: None)
    supervisor.start([noting("server")])
    supervisor.start([noting("service")])
    supervisor.stop()
    assert ends.read_text() == "service server "


def test_a_stop_is_told_before_it_takes_its_time(supervisor: Supervisor, told: list[str]) -> None:
    supervisor.start([program()])
    supervisor.stop()
    assert [line.split(",")[0] for line in told[1:]] == ["stopping"]
    supervisor.stop()
    assert len(told) == 2


def test_what_ignores_the_first_signal_is_killed_with_its_children(places: Places, tmp_path: Path) -> None:
    child_file = tmp_path / "child"
    code = f"""
import signal, subprocess, pathlib
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "60"])
pathlib.Path({str(child_file)!r}).write_text(str(child.pid))
signal.pause()
"""
    supervisor = Supervisor(places, dict(os.environ), lambda line: None)
    supervisor.start(
        [program(code=code, ready=lambda: child_file.exists() and child_file.read_text() != "", seconds=1)]
    )
    stubborn = supervisor.watched("program").pid
    assert stubborn is not None
    supervisor.stop()
    assert start_ticks(stubborn) is None
    wait_until(lambda: start_ticks(int(child_file.read_text())) is None)
    assert read_records(places.run) == []


def test_a_start_that_is_given_up_ends_soon(supervisor: Supervisor) -> None:
    asked = threading.Event()

    def ready() -> bool:
        if not asked.is_set():
            asked.set()
            supervisor.give_up()
        return False

    with pytest.raises(Stopped):
        supervisor.start([program(ready=ready, seconds=60)])
    assert asked.is_set()


def test_steps_run_with_the_environment_and_a_failed_one_shows_its_log(places: Places, told: list[str]) -> None:
    supervisor = Supervisor(places, {"ANSWER": "42"}, told.append)
    good = Step("good", (sys.executable, "-c", "import os; assert os.environ['ANSWER'] == '42'"))
    supervisor.run_steps([good])
    assert told[0].startswith("good is done")
    with pytest.raises(StartFailed, match=r"bad failed \(exit 3\)[\s\S]*the reason"):
        supervisor.run_steps([good, Step("bad", (sys.executable, "-c", "print('the reason'); raise SystemExit(3)"))])


def test_a_step_that_takes_too_long_is_ended(supervisor: Supervisor) -> None:
    with pytest.raises(StartFailed, match="took longer than 0 s"):
        supervisor.run_steps([Step("slow", (sys.executable, "-c", SLEEP), seconds=0.2)])


def test_pauses_grow_to_their_limit_and_begin_anew_after_a_long_life() -> None:
    pauses = [0.0]
    for _ in range(8):
        pauses.append(pause_before_restart(pauses[-1], lived=1))
    assert pauses[1:5] == [0.2, 0.4, 0.8, 1.6]
    assert pauses[-1] == LONGEST_PAUSE
    assert pause_before_restart(LONGEST_PAUSE, lived=RECOVERED_SECONDS) == 0.2


def test_free_ports_differ_from_each_other_and_are_really_free() -> None:
    ports = Ports.free(brokers=3)
    numbers = [port for value in vars(ports).values() for port in (value if isinstance(value, tuple) else (value,))]
    assert len(ports.kafka) == len(ports.kafka_controllers) == 3
    assert len(set(numbers)) == len(numbers) == 18
    for number in numbers:
        socket.create_server((HOST, number)).close()


def test_who_is_to_let_others_go_first_is_nice_itself_and_as_a_session(supervisor: Supervisor, places: Places) -> None:
    supervisor.start([replace(program(), niceness=7)])
    record, *_ = read_records(places.run)
    assert os.getpriority(os.PRIO_PROCESS, record.pid) == 7
    group = Path(f"/proc/{record.pid}/autogroup")
    if group.exists():
        assert group.read_text().endswith(" nice 7\n")
