"""What a local system says of itself to the commands that ask: who supervises it, how far it is, which ports it has."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal

from deploy.local.places import Places
from deploy.local.ports import Ports
from deploy.local.processes import Record, is_alive, read_records
from deploy.local.programs import StartFailed

SUPERVISOR = "supervisor"


class AlreadyRunning(StartFailed):
    """Another supervisor has this directory."""


Stage = Literal["starting", "ready", "stopping"]


@dataclass(frozen=True)
class State:
    """`elsewhere` names the variables that pointed at servers which were there already; `smtp_relay` is where mails go."""

    stage: Stage
    ports: Ports
    kafka_bootstrap: str
    elsewhere: tuple[str, ...] = ()
    smtp_relay: str = ""


def write_state(places: Places, state: State) -> None:
    """Replace the state; readers see the old one or the new one."""
    places.run.mkdir(parents=True, exist_ok=True)
    fresh = places.run / "state.new"
    fresh.write_text(json.dumps(asdict(state)))
    fresh.replace(places.run / "state")


def read_state(places: Places) -> State | None:
    """The last state; None when there is none. It may be that of a supervisor that has died: see `supervisor_record`."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        told: dict[str, Any] = json.loads((places.run / "state").read_text())
        numbers: dict[str, Any] = {
            name: tuple(port) if isinstance(port, list) else port for name, port in told["ports"].items()
        }
        return State(**{**told, "ports": Ports(**numbers), "elsewhere": tuple(told["elsewhere"])})
    return None


def supervisor_record(places: Places) -> Record | None:
    """The supervisor that runs now, if one does."""
    for record in read_records(places.run):
        if record.name == SUPERVISOR and is_alive(record):
            return record
    return None


@contextmanager
def sole_supervisor(places: Places) -> Iterator[None]:
    """Hold the directory; raises AlreadyRunning when somebody else does. The system lets go of it when a process dies."""
    places.run.mkdir(parents=True, exist_ok=True)
    lock = os.open(places.run / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise AlreadyRunning(f"The system in {places.root} runs already: `make down` first.") from held
        yield
    finally:
        os.close(lock)
