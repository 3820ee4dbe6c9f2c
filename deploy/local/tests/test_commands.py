"""What the commands do around the supervisor; the system itself is in test_supervisor.py and test_servers.py."""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import jars
from deploy.local.__main__ import main
from deploy.local.commands import where_things_are
from deploy.local.environment import existing_servers, server_environment, service_environment, shell_lines
from deploy.local.places import HOME, Places
from deploy.local.ports import HOST, Ports
from deploy.local.processes import Record, boot_id, read_records, start_ticks, write_record
from deploy.local.programs import StartFailed
from deploy.local.secret_files import S3Keys, ensure_service_secrets, s3_keys
from deploy.local.services import preparations, services
from deploy.local.state import AlreadyRunning, State, read_state, sole_supervisor, supervisor_record, write_state
from deploy.local.status import figure
from deploy.local.system import LocalSystem, stop_orphans
from kit.health import HealthServer

KEYS = S3Keys("ours", "our-secret")
NO_SERVERS = {
    "KAFKA_BOOTSTRAP": "kafka.test:1",
    "MONGODB_URI": "mongodb://mongo.test",
    "S3_ENDPOINT": "http://s3.test",
    "SMTP_RELAY": "relay.test:25",
}


@pytest.fixture
def left_over(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that a killed supervisor of `tmp_path` left behind."""
    process = subprocess.Popen(["sleep", "60"])
    started = start_ticks(process.pid)
    assert started is not None
    write_record(Places(tmp_path).run, Record("mongod", process.pid, started, boot_id(), since=time.time()))
    yield process
    process.kill()
    process.wait()


def test_nothing_running_is_said_and_is_no_fault_of_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path), "status"]) == 3
    assert main(["--root", str(tmp_path), "down"]) == 0
    assert capsys.readouterr().out == "Nothing runs.\nNothing was running.\n"


@pytest.mark.parametrize("options", [[], ["--other-keys"]])
def test_a_restore_tells_the_copying_whether_the_keys_are_lost(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[list[str]]()

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command[1:])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    for name, value in NO_SERVERS.items():
        monkeypatch.setenv(name, value)
    assert main(["--root", str(tmp_path), "restore", *options, "/copy"]) == 0
    assert asked[-1] == ["-m", "deploy.backup", "restore", *options, "/copy"]


def test_the_town_is_that_of_the_pack_which_the_caller_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "dubna"
    shutil.copytree("packs/cz-town", tmp_path / "cz-town")
    shutil.copytree("packs/lipovany", other)
    for name, old, new in (("pack", "slug: lipovany", "slug: dubna"), ("town", "podatelna@lipovany", "posta@dubna")):
        file = other / f"{name}.yaml"
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    monkeypatch.setenv("PACK", str(other))
    told = service_environment(Places(tmp_path), Ports(), NO_SERVERS)
    assert told["MUNICIPALITIES"] == "posta@dubna.test=lipovany"
    loads = [step.command for stage in preparations(Places(tmp_path)) for step in stage if step.name == "load-pack"]
    assert loads[0][-1] == str(other)


def test_a_figure_is_the_sum_of_its_samples() -> None:
    text = b'# HELP helpdesk_a x\nhelpdesk_a{town="one"} 2.0\nhelpdesk_a{town="two"} 1.0\nhelpdesk_ab 9.0\n'
    assert figure(text, "helpdesk_a") == 3
    assert figure(text, "helpdesk_ab") == 9
    assert figure(b"", "helpdesk_a") == 0


def test_status_shows_why_a_service_is_not_ready(
    tmp_path: Path,
    left_over: subprocess.Popen[bytes],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("deploy.local.status.SECONDS", 0.1)
    places, ports = Places(tmp_path), Ports.free()
    mongod, *_ = read_records(places.run)
    write_record(places.run, replace(mongod, name="notifier"))
    write_state(places, State("ready", ports, "127.0.0.1:9"))
    with HealthServer(
        f"127.0.0.1:{ports.notifier_health}", ready={"relay": lambda: "relay-away", "database": lambda: None}
    ):
        assert main(["--root", str(tmp_path), "status"]) == 1
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("notifier ")]
    assert "not ready" in row
    assert row.endswith("MB  relay: relay-away")


def test_who_has_read_enough_of_the_status_hears_no_complaint(
    tmp_path: Path, left_over: subprocess.Popen[bytes]
) -> None:
    write_state(Places(tmp_path), State("ready", Ports.free(), "127.0.0.1:9"))
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-u", "-m", "deploy.local", "--root", str(tmp_path), "status"]
    asked = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (asked.returncode, asked.stderr) == (0, b"")


def test_down_stops_what_a_killed_supervisor_left_behind(tmp_path: Path, left_over: subprocess.Popen[bytes]) -> None:
    assert main(["--root", str(tmp_path), "down"]) == 0
    assert left_over.wait(5) == -15
    assert os.listdir(tmp_path / "run") == ["lock"]


def test_a_new_start_stops_what_a_killed_supervisor_left_behind(
    tmp_path: Path, left_over: subprocess.Popen[bytes]
) -> None:
    told: list[str] = []
    with LocalSystem(tmp_path, Ports.free(), existing=NO_SERVERS, tell=told.append) as system:
        system.start_servers()
        assert left_over.wait(5) == -15
    assert told == ["mongod was left over from a supervisor that was killed, and has been stopped"]


def test_what_was_left_behind_stops_as_in_an_orderly_stop_also_when_a_server_is_younger(tmp_path: Path) -> None:
    told: list[str] = []
    processes = []
    for since, name in enumerate(["notifier", "tickets-api", "kafka", "mongod"]):
        process = subprocess.Popen(["sleep", "60"])
        processes.append(process)
        write_record(tmp_path / "run", Record(name, process.pid, start_ticks(process.pid) or 0, boot_id(), since))
    stop_orphans(Places(tmp_path), told.append)
    assert [process.wait(5) for process in processes] == [-15] * 4
    stopped = [line.split()[0] for line in told]
    assert [set(stopped[:2]), set(stopped[2:])] == [{"notifier", "tickets-api"}, {"kafka", "mongod"}]


def test_all_taken_ports_are_told_at_once_and_before_anything_starts(tmp_path: Path) -> None:
    ports = Ports.free()
    with (
        socket.create_server((HOST, ports.mongod)),
        socket.create_server((HOST, ports.tickets_api)),
        LocalSystem(tmp_path, ports) as system,
        pytest.raises(StartFailed) as failed,
    ):
        system.start_everything()
    told = str(failed.value).splitlines()
    assert told[0].startswith(f"port {ports.mongod}, which mongod needs, is taken; with MONGODB_URI")
    assert told[1] == f"port {ports.tickets_api}, which tickets-api needs, is taken"
    assert len(told) == 3
    assert os.listdir(tmp_path / "run") == ["lock"]


def test_reset_forgets_everything_but_the_downloads(
    tmp_path: Path,
    left_over: subprocess.Popen[bytes],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("deploy.local.commands.CACHE", tmp_path / "cache")
    for name in ("cache", "data", "mail"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    (tmp_path / "secrets.json").touch()
    assert main(["--root", str(tmp_path), "reset"]) == 0
    assert left_over.wait(5) == -15
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == ["cache", "cache/file"]
    assert "stopped first" in capsys.readouterr().out


def test_a_directory_has_one_supervisor(tmp_path: Path) -> None:
    with sole_supervisor(Places(tmp_path)), pytest.raises(AlreadyRunning):
        LocalSystem(tmp_path, Ports.free(), existing=NO_SERVERS).start_servers()
    with LocalSystem(tmp_path, Ports.free(), existing=NO_SERVERS) as system:
        system.start_servers()
        record = supervisor_record(Places(tmp_path))
        assert record is not None
        assert record.pid == os.getpid()
        second = subprocess.run(
            [sys.executable, "-m", "deploy.local", "--root", str(tmp_path), "supervise"],
            env={**os.environ, **NO_SERVERS},
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 75
        assert "runs already: `make down` first" in second.stderr
        assert supervisor_record(Places(tmp_path)) == record
    assert supervisor_record(Places(tmp_path)) is None


def test_servers_that_are_there_already_are_not_started(tmp_path: Path) -> None:
    system = LocalSystem(tmp_path, existing=NO_SERVERS)
    assert system.servers() == []
    assert {name: system.environment[name] for name in NO_SERVERS} == NO_SERVERS


def test_keys_of_ones_own_store_go_with_its_address_and_ours_do_not() -> None:
    ours = server_environment(Ports(), KEYS, {"S3_ACCESS_KEY": "stray"})
    assert (ours["S3_ENDPOINT"], ours["S3_ACCESS_KEY"]) == ("http://127.0.0.1:9000", "ours")
    theirs = server_environment(
        Ports(), KEYS, {"S3_ENDPOINT": "http://s3.test", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "b"}
    )
    assert (theirs["S3_ENDPOINT"], theirs["S3_ACCESS_KEY"], theirs["S3_SECRET_KEY"]) == ("http://s3.test", "a", "b")


def test_only_what_is_set_and_not_empty_points_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NO_SERVERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SMTP_RELAY", "relay.test:25")
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "")
    assert existing_servers() == {"SMTP_RELAY": "relay.test:25"}


def test_an_operators_shell_is_told_what_the_services_are_told(tmp_path: Path) -> None:
    with LocalSystem(tmp_path, Ports.free(), existing={**NO_SERVERS, "S3_SECRET_KEY": "it's"}) as system:
        system.start_servers()
    file = Places(tmp_path).environment
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    sourced = subprocess.run(["sh", "-c", f". {file}; env -0"], capture_output=True, text=True, check=True).stdout
    told = dict(line.split("=", 1) for line in sourced.split("\0") if line)
    assert {name: told[name] for name in system.environment} == system.environment
    assert told["S3_SECRET_KEY"] == "it's"


def test_a_shell_that_was_told_of_our_servers_does_not_claim_servers_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "environment"
    environment = server_environment(Ports(), KEYS, {"SMTP_RELAY": "relay.test:25"})
    file.write_text(shell_lines(environment, {"SMTP_RELAY": "relay.test:25"}))
    sourced = subprocess.run(["sh", "-c", f". {file}; env -0"], capture_output=True, text=True, check=True).stdout
    for name, _, value in (line.partition("=") for line in sourced.split("\0") if line):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "kafka.test:1")
    servers = {name: value for name, value in existing_servers().items() if not name.endswith("_KEY")}
    assert servers == {"KAFKA_BOOTSTRAP": "kafka.test:1", "SMTP_RELAY": "relay.test:25"}


def test_services_are_told_everything_and_have_ports_of_their_own(tmp_path: Path) -> None:
    ports = Ports.free()
    environment = service_environment(Places(tmp_path), ports, server_environment(ports, KEYS, {}))
    assert environment["MUNICIPALITIES"] == "podatelna@lipovany.test=lipovany"
    assert environment["API_LISTEN"] == f"127.0.0.1:{ports.tickets_api}"
    listening = [port for service in services(ports) for port in service.ports]
    assert len(set(listening)) == len(listening) == 7
    health = {service.environment["HEALTH_LISTEN"] for service in services(ports)}
    assert len(health) == len(services(ports))


def test_a_staff_token_is_made_only_once(tmp_path: Path) -> None:
    places = Places(tmp_path)
    names = [step.name for stage in preparations(places) for step in stage]
    assert "make-staff-token" in names
    places.staff_token.touch()
    assert [step.name for stage in preparations(places) for step in stage] == [
        n for n in names if n != "make-staff-token"
    ]


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    assert s3_keys(tmp_path / "keys") == s3_keys(tmp_path / "keys") != s3_keys(tmp_path / "other")
    ensure_service_secrets(tmp_path / "secrets.json")
    first = (tmp_path / "secrets.json").read_bytes()
    ensure_service_secrets(tmp_path / "secrets.json")
    assert (tmp_path / "secrets.json").read_bytes() == first
    assert json.loads(first).keys() == {"reply_token_keys", "pseudonym_key"}
    for name in ("keys", "secrets.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_the_state_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    state = State("ready", Ports.free(brokers=3), "127.0.0.1:1", ("SMTP_RELAY",), "relay.test:25")
    write_state(Places(tmp_path), state)
    assert read_state(Places(tmp_path)) == state
    (tmp_path / "run" / "state").write_text('{"stage": "rea')
    assert read_state(Places(tmp_path)) is None


def test_jars_of_an_earlier_pom_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "CACHE", tmp_path)
    with pytest.raises(jars.JarsMissing, match="make setup"):
        jars.directory("kafka")
    monkeypatch.setattr(jars, "_copy_dependencies", lambda server, target: target.mkdir())
    jars.fetch("kafka")
    assert jars.directory("kafka") == tmp_path / "kafka"
    (tmp_path / "kafka" / "pom.sha256").write_text("of an earlier pom")
    with pytest.raises(jars.JarsMissing):
        jars.directory("kafka")


def test_the_summary_names_what_the_readme_names(tmp_path: Path) -> None:
    text = where_things_are(HOME, LocalSystem(tmp_path).state("ready"))
    assert "Sent mail    http://127.0.0.1:8025/ (files: .local/mail)" in text
    for word in ("podatelna@lipovany.test", "127.0.0.1:2626", "http://127.0.0.1:8010/api/v1", "staff-token"):
        assert word in text


def test_the_summary_says_where_mails_go_that_nobody_catches(tmp_path: Path) -> None:
    text = where_things_are(HOME, LocalSystem(tmp_path, existing={"SMTP_RELAY": "relay.test:25"}).state("ready"))
    assert "through your relay relay.test:25" in text
    assert "8025" not in text
