"""Where a case may go from where it stands: one table. Everything that changes a state asks it.

Source: the states that citizens understand and the four-eyes habits of a Czech town office: a refusal needs a reason, and words
that the citizen understands; only a waiting for the reporter stops the clock.
"""

from dataclasses import dataclass
from datetime import timedelta

from contracts.tickets import TicketState
from tickets.cases.permissions import StaffRole


@dataclass(frozen=True)
class Move:
    """One allowed change. `by` may do it by hand; `reason` says that a reason must be given, `words` that the reporter must be told
    in words why."""

    before: TicketState
    after: TicketState
    by: frozenset[StaffRole]
    reason: bool = False
    words: bool = False


_OPENED, _ASSIGNED, _IN_PROGRESS = TicketState.OPENED, TicketState.ASSIGNED, TicketState.IN_PROGRESS
_WAITING, _FORWARDED = TicketState.WAITING_FOR_REPORTER, TicketState.FORWARDED
_RESOLVED, _REJECTED, _CLOSED = TicketState.RESOLVED, TicketState.REJECTED, TicketState.CLOSED
_SET_ASIDE = TicketState.SET_ASIDE

SOLVERS = frozenset({StaffRole.RESOLVER, StaffRole.DISPATCHER, StaffRole.SECRETARY, StaffRole.WHISTLEBLOWING_OFFICER})
DECIDERS = frozenset({StaffRole.DISPATCHER, StaffRole.SECRETARY, StaffRole.WHISTLEBLOWING_OFFICER})

MOVES: tuple[Move, ...] = (
    Move(_OPENED, _SET_ASIDE, DECIDERS, reason=True),
    Move(_ASSIGNED, _IN_PROGRESS, SOLVERS),
    Move(_ASSIGNED, _WAITING, SOLVERS),
    Move(_ASSIGNED, _RESOLVED, SOLVERS),
    Move(_ASSIGNED, _REJECTED, SOLVERS, reason=True, words=True),
    Move(_ASSIGNED, _SET_ASIDE, DECIDERS, reason=True),
    Move(_IN_PROGRESS, _WAITING, SOLVERS),
    Move(_IN_PROGRESS, _RESOLVED, SOLVERS),
    Move(_IN_PROGRESS, _REJECTED, SOLVERS, reason=True, words=True),
    Move(_WAITING, _IN_PROGRESS, SOLVERS),
    Move(_WAITING, _RESOLVED, SOLVERS),
    Move(_WAITING, _REJECTED, SOLVERS, reason=True, words=True),
    Move(_FORWARDED, _RESOLVED, SOLVERS),
    Move(_FORWARDED, _REJECTED, SOLVERS, reason=True, words=True),
    Move(_RESOLVED, _IN_PROGRESS, SOLVERS, reason=True),
    Move(_RESOLVED, _CLOSED, SOLVERS),
    Move(_REJECTED, _IN_PROGRESS, SOLVERS, reason=True),
    Move(_REJECTED, _CLOSED, SOLVERS),
    Move(_CLOSED, _IN_PROGRESS, DECIDERS, reason=True),
)
"""Changes by hand. A hand-over changes the state too (`HANDED_OVER`; so is a case taken back from an outside body), and so may
the reporter's message (`REOPENED_WITHIN`)."""

HANDED_OVER: frozenset[TicketState] = frozenset({_OPENED, _ASSIGNED, _IN_PROGRESS, _WAITING, _FORWARDED, _SET_ASIDE})
"""From here a case may get a resolver, and then is assigned, or forwarded where the resolver is an outside body."""

REOPENED_WITHIN: dict[TicketState, timedelta] = {_RESOLVED: timedelta(days=30), _REJECTED: timedelta(days=30)}
"""A reporter's message reopens for so long after the solution; later it opens a case of its own."""

TAKES_NO_MESSAGES: frozenset[TicketState] = frozenset({_CLOSED, _SET_ASIDE})
"""A reporter's message to such a case opens one of its own."""

CLOCK_STANDS: frozenset[TicketState] = frozenset({_WAITING})
SOLVED: frozenset[TicketState] = frozenset({_RESOLVED, _REJECTED, _CLOSED, _SET_ASIDE})
"""Nothing is due any more."""

_TABLE = {(move.before, move.after): move for move in MOVES}


def move(before: TicketState, after: TicketState) -> Move | None:
    """The table's row, None where there is no way."""
    return _TABLE.get((before, after))


def ways_from(before: TicketState) -> list[TicketState]:
    """Where a case may go by hand."""
    return [row.after for row in MOVES if row.before == before]
