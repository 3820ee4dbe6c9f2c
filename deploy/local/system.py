"""The whole system as one object: what `make up` and the tests drive."""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from deploy.local import servers
from deploy.local.environment import EXISTING_SERVERS, server_environment, service_environment, shell_lines
from deploy.local.places import Places
from deploy.local.ports import Ports
from deploy.local.processes import (
    Record,
    boot_id,
    read_records,
    remove_record,
    start_ticks,
    stop_recorded,
    write_record,
)
from deploy.local.programs import Program
from deploy.local.secret_files import ensure_service_secrets, s3_keys, write_private
from deploy.local.services import preparations, services
from deploy.local.state import SUPERVISOR, Stage, State, sole_supervisor, write_state
from deploy.local.supervisor import Supervisor, refuse_taken_ports

# As long as the slowest server gets in an orderly stop.
ORPHAN_SECONDS = 30.0


def say_nothing(line: str) -> None:
    """For callers that do not want to hear of each start."""


class LocalSystem:
    """Servers and services of one directory, started and watched by this process.

    `existing` holds KAFKA_BOOTSTRAP, MONGODB_URI, S3_ENDPOINT (with S3_ACCESS_KEY, S3_SECRET_KEY), SMTP_RELAY of servers that
    are there already; those are not started. `extra` is environment for a program by its name, on top of its own.
    As a context manager it is stopped at the end. An object starts once: after `stop`, make another on the same directory.
    """

    def __init__(
        self,
        root: Path,
        ports: Ports | None = None,
        *,
        existing: Mapping[str, str] | None = None,
        extra: Mapping[str, Mapping[str, str]] | None = None,
        tell: Callable[[str], None] = say_nothing,
    ) -> None:
        self.places = Places(root.resolve())
        self.ports = ports or Ports()
        self._existing = dict(existing or {})
        self._extra = dict(extra or {})
        self._tell = tell
        self._keys = s3_keys(self.places.s3_keys)
        ensure_service_secrets(self.places.secrets)
        known = server_environment(self.ports, self._keys, self._existing)
        self.environment: dict[str, str] = service_environment(self.places, self.ports, known)
        self._supervisor = Supervisor(self.places, {**os.environ, **self.environment}, tell)
        self._held = ExitStack()
        self._holding = False

    def servers(self) -> list[Program]:
        """The servers that this system starts itself."""
        wanted: list[Program] = []
        if "KAFKA_BOOTSTRAP" not in self._existing:
            wanted += servers.kafka_servers(self.places, self.ports)
        if "MONGODB_URI" not in self._existing:
            wanted.append(servers.mongod(self.places, self.ports))
        if "S3_ENDPOINT" not in self._existing:
            wanted.append(servers.s3proxy(self.places, self.ports, self._keys))
        if "SMTP_RELAY" not in self._existing:
            wanted.append(servers.mail_catcher(self.places, self.ports))
        return [self._with_extra(program) for program in wanted]

    def services(self) -> list[Program]:
        """Our own services."""
        return [self._with_extra(program) for program in services(self.ports)]

    def start_servers(self) -> None:
        """Returns when all are ready. Raises StartFailed (AlreadyRunning), or Stopped after `give_up`."""
        self._hold()
        self._supervisor.start(self.servers())

    def prepare_services(self) -> None:
        """Topics, indexes, the pack, a staff token. Raises as `start_servers`."""
        for stage in preparations(self.places):
            self._supervisor.run_steps(stage)

    def start_services(self) -> None:
        """Prepare, then start all services; returns when all are ready. Raises as `start_servers`."""
        self._hold()
        self.prepare_services()
        self._supervisor.start(self.services())

    def start_everything(self) -> None:
        """Servers, then services; nothing is started where somebody else has a port of any. Raises as `start_servers`."""
        self._hold()
        refuse_taken_ports([*self.servers(), *self.services()])
        self.start_servers()
        self.start_services()

    def add(self, programs: Sequence[Program]) -> None:
        """Start further programs beside those that run, second readers for example. Raises as `start_servers`."""
        self._supervisor.start(programs)

    def say_ready(self) -> None:
        """For those who wait for the system from another process."""
        self._write_state("ready")

    def state(self, stage: Stage) -> State:
        """What the system says of itself to other processes."""
        elsewhere = tuple(sorted(set(EXISTING_SERVERS) & set(self._existing)))
        kafka, relay = self.environment["KAFKA_BOOTSTRAP"], self.environment["SMTP_RELAY"]
        return State(stage, self.ports, kafka, elsewhere, relay)

    def give_up(self) -> None:
        """Make a start that is under way raise Stopped. Fine in a signal handler."""
        self._supervisor.give_up()

    def stop(self) -> None:
        """Services first, then servers; leaves no process and no record. Fine to repeat."""
        if self._holding:
            self._write_state("stopping")
        self._supervisor.stop()
        if self._holding:
            remove_record(self.places.run, SUPERVISOR)
            (self.places.run / "state").unlink(missing_ok=True)
            self._held.close()
            self._holding = False

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """As if from outside: what dies of the signal is started again after a moment."""
        self._supervisor.watched(name).signal(number)

    def halt(self, name: str) -> None:
        """Stop one program in order, and leave it stopped until `restart`."""
        self._supervisor.watched(name).halt()

    def restart(self, name: str) -> None:
        """Stop one program if it runs, start it, wait until it is ready. Raises StartFailed."""
        self._supervisor.restart(name)

    def wait_ready(self, name: str, seconds: float = 60) -> None:
        """Wait until the program works (again). Raises StartFailed."""
        self._supervisor.wait_ready(name, seconds)

    def is_ready(self, name: str) -> bool:
        """Whether the program runs and works at this moment."""
        watched = self._supervisor.watched(name)
        return watched.pid is not None and watched.program.ready()

    def pid(self, name: str) -> int | None:
        """Process id of the program; None while it does not run."""
        return self._supervisor.watched(name).pid

    def deaths(self, name: str) -> int:
        """How often the program died since its start."""
        return self._supervisor.watched(name).deaths

    def __enter__(self) -> "LocalSystem":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _hold(self) -> None:
        if self._holding:
            return
        self._held.enter_context(sole_supervisor(self.places))
        self._holding = True
        stop_orphans(self.places, self._tell)
        pid = os.getpid()
        write_record(self.places.run, Record(SUPERVISOR, pid, start_ticks(pid) or 0, boot_id(), since=time.time()))
        self._write_state("starting")
        write_private(self.places.environment, shell_lines(self.environment, self._existing))

    def _write_state(self, stage: Stage) -> None:
        write_state(self.places, self.state(stage))

    def _with_extra(self, program: Program) -> Program:
        extra = self._extra.get(program.name)
        return replace(program, environment={**program.environment, **extra}) if extra else program


def stop_orphans(places: Places, tell: Callable[[str], None]) -> None:
    """Stop what a supervisor that was killed has left behind. Only for who holds the directory."""

    def stop_one(record: Record) -> None:
        if record.name != SUPERVISOR and stop_recorded(record, ORPHAN_SECONDS):
            tell(f"{record.name} was left over from a supervisor that was killed, and has been stopped")
        remove_record(places.run, record.name)

    # As in an orderly stop. When each was started does not tell what stands on what: a server may have been started again.
    upper = {program.name for program in services(Ports())}
    records = read_records(places.run)
    for stage in (
        [record for record in records if record.name in upper],
        [record for record in records if record.name not in upper],
    ):
        with ThreadPoolExecutor(max(1, len(stage))) as pool:
            list(pool.map(stop_one, stage))
