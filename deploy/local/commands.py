"""up, down, run, reset, servers: what each command does. They find each other by what the run directory says (state.py)."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from deploy.local import jars
from deploy.local.environment import existing_servers, town
from deploy.local.places import CACHE, PROJECT, Places
from deploy.local.ports import HOST, Ports
from deploy.local.processes import is_alive, read_records, stop_recorded
from deploy.local.programs import StartFailed, Stopped
from deploy.local.state import AlreadyRunning, State, read_state, sole_supervisor, supervisor_record
from deploy.local.system import LocalSystem, stop_orphans
from deploy.local.watched import open_log

# Exit status of a supervisor that found another one at work.
RUNS_ALREADY = 75
# Longer than the slowest orderly stop: services 10 s, then servers 30 s.
STOP_SECONDS = 60.0
FOLLOW_SECONDS = 0.1


def say(line: str) -> None:
    """One line on the terminal (or in supervisor.log), at once."""
    print(line, flush=True)


def supervise_in_background(places: Places, ports: Ports) -> int:
    """What `up` starts: the whole system until a signal, with the time before each line, because it is read later."""

    def tell(line: str) -> None:
        say(f"{datetime.now():%Y-%m-%d %H:%M:%S}  {line}")

    system = LocalSystem(places.root, ports, existing=existing_servers(), tell=tell)
    return until_signal(system, lambda system, ended: None, with_services=True)


def serve_servers(directory: Path, brokers: int) -> int:
    """A private set of servers on free ports; prints their environment, runs until a signal."""

    def print_environment(system: LocalSystem, ended: threading.Event) -> None:
        say("\n".join(f"export {name}={value}" for name, value in system.environment.items()))

    def tell(line: str) -> None:
        print(f"# {line}", file=sys.stderr, flush=True)

    return until_signal(LocalSystem(directory, Ports.free(brokers), tell=tell), print_environment, with_services=False)


def restore(places: Places, folder: Path, *, other_keys: bool) -> int:
    """Starts the servers alone, fills them from a backup (deploy/backup), and stops them."""
    options = ["--other-keys"] if other_keys else []
    with LocalSystem(places.root, existing=existing_servers(), tell=say) as system:
        system.start_servers()
        command = [sys.executable, "-m", "deploy.backup", "restore", *options, str(folder)]
        return subprocess.run(command, env={**os.environ, **system.environment}, check=False).returncode


def until_signal(
    system: LocalSystem, when_ready: Callable[[LocalSystem, threading.Event], None], *, with_services: bool
) -> int:
    """Start, say that it is ready, wait for a signal, stop in order."""
    ended = threading.Event()

    def end(number: int, frame: object) -> None:
        ended.set()
        system.give_up()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    with system:
        try:
            if with_services:
                system.start_everything()
            else:
                system.start_servers()
            system.say_ready()
            when_ready(system, ended)
            ended.wait()
        except Stopped:
            pass
        except AlreadyRunning as other:
            print(other, file=sys.stderr)
            return RUNS_ALREADY
        except StartFailed as problem:
            print(f"\n{problem}", file=sys.stderr)
            return 1
    return 0


def up(places: Places, *, free_ports: bool = False) -> int:
    """Start the system in the background; returns 0 when it is ready. Fine to repeat."""
    state = read_state(places)
    if supervisor_record(places) and state and state.stage == "ready":
        say(f"The system runs already.\n{where_things_are(places, state)}")
        return 0
    log = places.log / "supervisor.log"
    out = open_log(places.log, "supervisor")
    command = [sys.executable, "-m", "deploy.local", "--root", str(places.root), "supervise"]
    with log.open() as news:
        news.seek(0, os.SEEK_END)
        daemon = subprocess.Popen(
            [*command, "--free-ports"] if free_ports else command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        os.close(out)
        try:
            ready = _follow(places, daemon, lambda: sys.stdout.write(news.read()))
        except KeyboardInterrupt:
            daemon.terminate()
            daemon.wait()
            say("Stopped.")
            return 130
    state = read_state(places)
    if not ready or state is None:
        say(f"\nThe system did not start; see {log} and the logs beside it.")
        return 1
    say(f"Everything is ready.\n{where_things_are(places, state)}")
    return 0


def _follow(places: Places, daemon: subprocess.Popen[bytes], show_news: Callable[[], object]) -> bool:
    """Wait for our supervisor, or for the one that was quicker; False when it ended instead of getting ready."""
    while True:
        ended = daemon.poll()
        supervisor, state = supervisor_record(places), read_state(places)
        show_news()
        if supervisor and state and state.stage == "ready":
            return True
        if ended is not None and not (ended == RUNS_ALREADY and supervisor):
            return False
        time.sleep(FOLLOW_SECONDS)


def down(places: Places) -> int:
    """Stop the system, also what a supervisor that was killed left behind. Fine when nothing runs."""
    supervisor = supervisor_record(places)
    if supervisor:
        say("Stopping the services, then the servers …")
        stop_recorded(supervisor, STOP_SECONDS)
    left_over = [record for record in read_records(places.run) if is_alive(record)]
    if left_over:
        with sole_supervisor(places):
            stop_orphans(places, say)
            (places.run / "state").unlink(missing_ok=True)
    say("Stopped." if supervisor or left_over else "Nothing was running.")
    return 0


def reset(places: Places) -> int:
    """Forget all data, mails, keys and logs; what was downloaded stays."""
    if any(is_alive(record) for record in read_records(places.run)):
        say("The system runs, so it is stopped first.")
        down(places)
    for path in places.root.glob("*"):
        if path == CACHE:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    say("All data of the local system are gone.")
    return 0


def setup() -> int:
    """Get the Java servers; the Python side is there already, or this would not run."""
    with ThreadPoolExecutor() as pool:
        for server, _ in zip(jars.SERVERS, pool.map(jars.fetch, jars.SERVERS), strict=True):
            say(f"{server} is there")
    return 0


def where_things_are(places: Places, state: State) -> str:
    """What one needs to know to use the running system."""
    ports = state.ports
    with suppress(ValueError):
        places = Places(places.root.relative_to(Path.cwd()))
    caught = f"http://{HOST}:{ports.mail_page}/ (files: {places.mail})"
    relayed = f"through your relay {state.smtp_relay} to its recipients (SMTP_RELAY); nothing of it is kept here"
    rows = {
        "Write to": f"{town().email} through SMTP {HOST}:{ports.smtp_intake}",
        "Staff API": f"http://{HOST}:{ports.tickets_api}/api/v1 (documentation: http://{HOST}:{ports.tickets_api}/docs)",
        "Staff token": str(places.staff_token),
        "Sent mail": relayed if "SMTP_RELAY" in state.elsewhere else caught,
        "Logs": f"{places.log}/NAME.log",
        "Data": str(places.data),
    }
    return "\n".join(f"  {name:<12} {value}" for name, value in rows.items())
