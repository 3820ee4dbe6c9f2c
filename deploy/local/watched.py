"""One program under watch: started, recorded, started again when it dies, stopped with everything it started itself."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from deploy.local.places import PROJECT, Places
from deploy.local.processes import Record, boot_id, remove_record, start_ticks, write_record
from deploy.local.programs import Program, StartFailed

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
# Whoever lived this long has recovered: the next death is a new one.
RECOVERED_SECONDS = 30.0
# How our services, and mongod, say that they were told something wrong.
WRONG_SETTINGS = 2
LOG_BYTES = 20 * 1024 * 1024


def pause_before_restart(earlier_pause: float, lived: float) -> float:
    """Seconds to wait before a dead program is started again; `earlier_pause` is 0 before its first death."""
    if lived >= RECOVERED_SECONDS or earlier_pause == 0:
        return FIRST_PAUSE
    return min(2 * earlier_pause, LONGEST_PAUSE)


def stand_back(pid: int, niceness: int) -> None:
    """Lets other processes go first.

    Linux may schedule sessions against each other before it looks at their processes (sched(7), autogroup): then the niceness of a
    process that leads a session of its own says nothing, and the session's counts.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, niceness)
        Path(f"/proc/{pid}/autogroup").write_text(str(niceness))


def open_log(directory: Path, name: str) -> int:
    """A file descriptor that appends to `<name>.log`; a log that has grown long is put aside first, as `<name>.log.1`."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.log"
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(directory / f"{name}.log.1")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def last_lines(path: Path, since: int, count: int = 12) -> str:
    """The end of a log, for the one who has to see why something failed; nothing before the byte `since`."""
    with suppress(OSError), path.open("rb") as log:
        size = path.stat().st_size
        # One that has become shorter was put aside meanwhile, and begun anew.
        log.seek(max(since if since <= size else 0, size - 16_384))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])
    return ""


class Watched:
    """The methods may be called from several threads; each is done before the next begins."""

    def __init__(self, program: Program, places: Places, environment: Mapping[str, str]) -> None:
        self.program = program
        self.log = places.log / f"{program.name}.log"
        self.deaths = 0
        self.log_begins = 0
        self.last_exit: int | None = None
        self._places = places
        self._environment = {**environment, **program.environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = False
        self._began = self._pause = self._due = 0.0
        self._lock = threading.RLock()

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        process = self._process
        return process.pid if process else None

    def start(self) -> None:
        """Start it; the count of its deaths begins anew. Raises StartFailed when there is no such command."""
        with self._lock:
            self.deaths, self.last_exit, self._pause, self._wanted = 0, None, 0.0, True
            self.log_begins = self.log.stat().st_size if self.log.exists() else 0
            self._spawn()

    def look(self) -> str | None:
        """See whether it died and whether it is time to start it again; says what happened, if anything did."""
        # Somebody else is at it, perhaps for seconds: the next look will do.
        if not self._lock.acquire(blocking=False):
            return None
        try:
            now = time.monotonic()
            if self._process is not None:
                return self._bury(now) if self._has_ended() else None
            if self._wanted and now >= self._due:
                return self._start_again(now)
            return None
        finally:
            self._lock.release()

    def signal(self, number: signal.Signals) -> None:
        """Send the signal to the program's own process; after SIGKILL it is dead when this returns."""
        with self._lock:
            if self._process is not None:
                self._process.send_signal(number)
                while number == signal.SIGKILL and not self._has_ended():
                    time.sleep(0.002)

    def halt(self) -> None:
        """SIGTERM, then SIGKILL when its time is over; afterwards neither the process nor its record is there."""
        with self._lock:
            self._wanted = False
            if self._process is not None:
                self._process.terminate()
                deadline = time.monotonic() + self.program.stop_seconds
                while not self._has_ended() and time.monotonic() < deadline:
                    time.sleep(0.02)
                self._clear_group()
            remove_record(self._places.run, self.program.name)

    def _spawn(self) -> None:
        log = open_log(self._places.log, self.program.name)
        try:
            # Its own session: Ctrl-C in the terminal reaches the supervisor alone, which stops all in order.
            self._process = subprocess.Popen(
                self.program.command,
                cwd=PROJECT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        except OSError as problem:
            raise StartFailed(f"{self.program.name} cannot be started: {problem}") from problem
        finally:
            os.close(log)
        self._began = time.monotonic()
        pid = self._process.pid
        if self.program.niceness:
            stand_back(pid, self.program.niceness)
        started = start_ticks(pid)
        if started is not None:
            record = Record(self.program.name, pid, started, boot_id(), since=time.time(), restarts=self.deaths)
            write_record(self._places.run, record)

    def _start_again(self, now: float) -> str:
        try:
            self._spawn()
        except StartFailed as problem:
            self._due = now + LONGEST_PAUSE
            return str(problem)
        return f"{self.program.name} was started again (restart {self.deaths})"

    def _bury(self, now: float) -> str:
        status = self._clear_group()
        lived = now - self._began
        self.deaths, self.last_exit = self.deaths + 1, status
        self._pause = pause_before_restart(self._pause, lived)
        self._due = now + self._pause
        how = f"signal {-status}" if status < 0 else f"exit {status}"
        return f"{self.program.name} died after {lived:.1f} s ({how}), starts again in {self._pause:.1f} s"

    def _has_ended(self) -> bool:
        # Seen without being collected: as long as its remains are there, nobody else gets its number.
        process = self._process
        return process is None or bool(os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT))

    def _clear_group(self) -> int:
        """End what is left of the process and of those that it started; returns its exit status."""
        process = self._process
        if process is None:
            return 0
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        self._process = None
        return status
