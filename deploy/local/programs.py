"""A program of the local system, as data: what starts it and how one sees that it works."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


class StartFailed(Exception):
    """The system cannot start; the text says why, and where to read more."""


class Stopped(Exception):
    """A start was given up because the system is to stop."""


def nothing() -> None:
    """For a program that needs no preparation."""


def no_reasons() -> str:
    """For a program that does not say why it is not ready."""
    return ""


@dataclass(frozen=True)
class Program:
    """A process that shall run as long as the system does.

    `ready` is asked again and again and answers at once, `reasons` says why it is not; `prepare` runs before the first start and may be repeated.
    `environment` comes on top of the system's own. `niceness` lets others go first. `instead` names the variable that points at a server one already has.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool]
    ports: tuple[int, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = nothing
    instead: str | None = None
    reasons: Callable[[], str] = no_reasons
    ready_seconds: float = 90
    stop_seconds: float = 10
    niceness: int = 0


@dataclass(frozen=True)
class Step:
    """A command that must have ended well before the services start. Repeated at each start, so it must bear that."""

    name: str
    command: tuple[str, ...]
    seconds: float = 120
