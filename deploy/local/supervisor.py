"""Starts programs stage by stage, watches them, stops them in reverse order."""

import os
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path

from deploy.local.places import PROJECT, Places
from deploy.local.ports import is_taken
from deploy.local.programs import Program, StartFailed, Step, Stopped
from deploy.local.watched import WRONG_SETTINGS, Watched, last_lines, open_log

# A program that dies this often before it was ever ready will not get ready by itself.
DEATHS_AT_START = 3
TICK = 0.05


class Supervisor:
    """Each `start` is a stage. `tell` gets one line for each thing that happens, from several threads."""

    def __init__(self, places: Places, environment: Mapping[str, str], tell: Callable[[str], None]) -> None:
        self._places = places
        self._environment = environment
        self._tell = tell
        self._stages: list[list[Watched]] = []
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def start(self, programs: Sequence[Program]) -> None:
        """Start all of them side by side; returns when all are ready. Raises StartFailed or Stopped, then call `stop`."""
        refuse_taken_ports(programs)
        stage = [Watched(program, self._places, self._environment) for program in programs]
        self._stages.append(stage)
        if not self._watcher.is_alive():
            self._watcher.start()
        self._side_by_side([partial(self._first_start, watched) for watched in stage])

    def run_steps(self, steps: Sequence[Step]) -> None:
        """Run the commands side by side; returns when all ended well. Raises StartFailed or Stopped."""
        self._side_by_side([partial(self._run_step, step) for step in steps])

    def give_up(self) -> None:
        """Make a start that is under way raise Stopped soon. Fine in a signal handler."""
        self._ending.set()

    def stop(self) -> None:
        """Stop everything, the last stage first; leaves no process and no record."""
        self._ending.set()
        if any(self._stages):
            self._tell("stopping, the services before the servers …")
        if self._watcher.is_alive():
            self._watcher.join()
        while self._stages:
            stage = self._stages.pop()
            with ThreadPoolExecutor(max(1, len(stage))) as pool:
                list(pool.map(Watched.halt, stage))

    def watched(self, name: str) -> Watched:
        """The program of that name. Raises KeyError."""
        for stage in self._stages:
            for watched in stage:
                if watched.program.name == name:
                    return watched
        raise KeyError(name)

    def restart(self, name: str) -> None:
        """Stop the program if it runs, start it, wait until it is ready. Raises StartFailed."""
        watched = self.watched(name)
        watched.halt()
        refuse_taken_ports([watched.program])
        self._first_start(watched)

    def wait_ready(self, name: str, seconds: float) -> None:
        """Wait until the program works (again). Raises StartFailed."""
        watched = self.watched(name)
        self._wait_ready(watched, seconds, deaths_allowed=None)

    def _first_start(self, watched: Watched) -> None:
        began = time.monotonic()
        watched.program.prepare()
        watched.start()
        self._wait_ready(watched, watched.program.ready_seconds, DEATHS_AT_START)
        self._tell(f"{watched.program.name} is ready after {time.monotonic() - began:.1f} s")

    def _wait_ready(self, watched: Watched, seconds: float, deaths_allowed: int | None) -> None:
        deadline = time.monotonic() + seconds
        while watched.pid is None or not watched.program.ready():
            if self._ending.wait(TICK):
                raise Stopped(watched.program.name)
            what = f"was not ready within {seconds:.0f} s" if time.monotonic() > deadline else None
            if deaths_allowed is not None and watched.deaths >= deaths_allowed:
                what = f"died {watched.deaths} times"
            elif deaths_allowed is not None and watched.last_exit == WRONG_SETTINGS:
                # It would say the same once more.
                what = f"does not start with these settings (exit {WRONG_SETTINGS})"
            if what:
                raise _failure(f"{watched.program.name} {what}", watched.log, watched.log_begins)

    def _run_step(self, step: Step) -> None:
        began = time.monotonic()
        log = open_log(self._places.log, step.name)
        log_begins = os.fstat(log).st_size
        path = self._places.log / f"{step.name}.log"
        try:
            process = subprocess.Popen(
                step.command,
                cwd=PROJECT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        finally:
            os.close(log)
        try:
            while process.poll() is None:
                if self._ending.wait(TICK):
                    raise Stopped(step.name)
                if time.monotonic() > began + step.seconds:
                    raise _failure(f"{step.name} took longer than {step.seconds:.0f} s", path, log_begins)
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            raise _failure(f"{step.name} failed (exit {process.returncode})", path, log_begins)
        self._tell(f"{step.name} is done after {time.monotonic() - began:.1f} s")

    def _side_by_side(self, tasks: Sequence[Callable[[], None]]) -> None:
        with ThreadPoolExecutor(max(1, len(tasks))) as pool:
            futures = [pool.submit(task) for task in tasks]
            try:
                if any(future.exception() for future in wait(futures, return_when=FIRST_EXCEPTION).done):
                    # The others would be waited for in vain.
                    self._ending.set()
            except KeyboardInterrupt:
                self._ending.set()
                raise
            failures = [failure for future in futures if (failure := future.exception())]
        # Those that only gave up because of another's failure have nothing to say.
        for failure in sorted(failures, key=lambda failure: isinstance(failure, Stopped)):
            raise failure

    def _watch(self) -> None:
        while not self._ending.wait(TICK):
            for watched in [watched for stage in self._stages for watched in stage]:
                try:
                    news = watched.look()
                except Exception:  # the watcher must outlive whatever goes wrong with one program
                    news = f"watching {watched.program.name} failed:\n{traceback.format_exc()}"
                if news:
                    self._tell(news)


def refuse_taken_ports(programs: Iterable[Program]) -> None:
    """Raises StartFailed, with all of them, when somebody else has ports of these programs."""
    taken = [
        f"port {port}, which {program.name} needs, is taken"
        + (f"; with {program.instead} a server that you already have is used" if program.instead else "")
        for program in programs
        for port in program.ports
        if is_taken(port)
    ]
    if taken:
        raise StartFailed("\n".join([*taken, "ss -ltnp tells who has it: stop that first"]))


def _failure(what: str, log: Path, log_begins: int) -> StartFailed:
    return StartFailed(f"{what}. The end of its log {log}:\n{last_lines(log, log_begins)}")
