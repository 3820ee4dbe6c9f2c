"""What a handler says of each message it was given."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Done:
    """Handled, or seen before and nothing left undone."""


@dataclass(frozen=True)
class DependencyAway:
    """Not handled, because something that this message needs is away (database, store, broker): asked again after a pause.

    For dependencies only, never for one message's own trouble: the reader stands still meanwhile.
    """

    dependency: str


@dataclass(frozen=True)
class DeadLetter:
    """Cannot be read or handled, now or later. `reason` is impersonal: places and kinds of faults, never content."""

    error: str
    reason: str


Outcome = Done | DependencyAway | DeadLetter
DONE = Done()
