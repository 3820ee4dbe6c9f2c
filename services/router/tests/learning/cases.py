"""Cases as they lie in the topic, for tests: told, decided by the router, corrected or solved by people."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts import identity
from contracts.envelope import Event
from contracts.participants import Actor, ActorKind
from contracts.sample_reports import RECEIVED_AT
from contracts.sample_tickets import ROUTER, SALT, Step, assigned_snapshot, chained, snapshot
from contracts.tickets import (
    Candidate,
    Decision,
    TicketClassified,
    TicketCorrected,
    TicketOpened,
    TicketPersonal,
    TicketState,
    TicketStateChanged,
)
from contracts.types import Kind

DISPATCHER, SOLVER = "dispecer-1", "resitel-1"


def ticket(number: int) -> UUID:
    return identity.ticket_id(UUID(int=number))


def clerk(code: str) -> Actor:
    return Actor(kind=ActorKind.STAFF, id=code)


def case(
    number: int,
    text: str,
    decided: str,
    corrected: str | None = None,
    by: str = DISPATCHER,
    solved_by: str | None = SOLVER,
) -> list[Event[Any]]:
    """`corrected`: what `by` made of it, None where it stayed as the router decided; `solved_by`: None where it is still open."""
    own = {"ticket_id": ticket(number), "opened_at": RECEIVED_AT + timedelta(minutes=number)}
    why = Decision(decided=True, candidates=[Candidate(category=decided, probability=0.9)])

    def after(category: str, state: TicketState = TicketState.ASSIGNED) -> Any:
        return assigned_snapshot(**own, category=category, kind=Kind.FAULT, state=state)

    steps: list[Step] = [
        (TicketOpened, {"after": snapshot(**own), "personal": TicketPersonal(salt=SALT, text=text)}),
        (TicketClassified, {"after": after(decided), "actor": ROUTER, "decision": why}),
    ]
    if corrected is not None:
        steps.append((TicketCorrected, {"after": after(corrected), "actor": clerk(by)}))
    if solved_by is not None:
        done = after(corrected or decided, TicketState.RESOLVED)
        steps.append(
            (TicketStateChanged, {"after": done, "actor": clerk(solved_by), "previous": TicketState.IN_PROGRESS})
        )
    return chained(steps)


def together(*cases: Sequence[Event[Any]]) -> list[Event[Any]]:
    return [event for events in cases for event in events]
