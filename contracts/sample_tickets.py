"""Samples of a case's events.

`ticket_event` makes any single ticket event, `chained` a case of several; whole cases are in `sample_histories.py`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import orjson

from contracts import identity
from contracts.envelope import Event, EventData, new_event
from contracts.history import GENESIS, link, personal_digest
from contracts.participants import Actor, ActorKind, Contact, Participant, Proof, Role, Way
from contracts.sample_reports import (
    BODY,
    BODY_ADDRESS,
    MUNICIPALITY,
    PACK_DIGEST,
    POTHOLE_TICKET,
    RECEIVED_AT,
    REPORTER,
    REPORTER_ADDRESS,
    TRACEPARENT,
    pseudonym_of,
)
from contracts.tickets import (
    Candidate,
    Chain,
    Deadline,
    DeadlineKind,
    Decision,
    Resolver,
    ResolverKind,
    Snapshot,
    TicketData,
    TicketPersonal,
    TicketState,
)
from contracts.types import Channel, Confidentiality, Kind, Priority

Step = tuple[type[TicketData], dict[str, Any]]
Ticket = TypeVar("Ticket", bound=TicketData)
Data = TypeVar("Data", bound=EventData)

MAIL_ID = "<7f3c19@mail.example.test>"
SALT = "00112233445566778899aabbccddeeff"
TEAM_ADDRESS = "silnice@lipovany.test"
TEAM = Participant(id=pseudonym_of(TEAM_ADDRESS), role=Role.RESOLVER, way=Way.EMAIL, proof=Proof.PACK)
CLERK = Actor(kind=ActorKind.STAFF, id="referent-1")
ROUTER = Actor(kind=ActorKind.ROUTER, id="router")
SYSTEM = Actor(kind=ActorKind.SYSTEM, id="tickets")
REPORTER_ACTOR = Actor(kind=ActorKind.REPORTER, id=REPORTER.id)
STREETS = Resolver(kind=ResolverKind.TEAM, code="streets")
WATER_COMPANY = Resolver(kind=ResolverKind.BODY, code="water-company")
REPORTER_CONTACT = {REPORTER.id: Contact(address=REPORTER_ADDRESS)}
TEAM_CONTACT = {TEAM.id: Contact(address=TEAM_ADDRESS)}
BODY_CONTACT = {BODY.id: Contact(address=BODY_ADDRESS)}


def snapshot(**changes: Any) -> Snapshot:
    """The pothole case as opened."""
    fields: dict[str, Any] = {
        "ticket_id": POTHOLE_TICKET,
        "state": TicketState.OPENED,
        "channel": Channel.EMAIL,
        "language": "cs",
        "received_at": RECEIVED_AT,
        "opened_at": RECEIVED_AT + timedelta(seconds=2),
    }
    return Snapshot(**{**fields, **changes})


def _end_of_day(moment: datetime) -> datetime:
    """Of a day in winter, in Prague."""
    return moment.replace(hour=22, minute=59, second=59, microsecond=0)


def assigned_snapshot(**changes: Any) -> Snapshot:
    """The pothole case after its routing was applied."""
    due = {DeadlineKind.FIRST_ANSWER: timedelta(days=1), DeadlineKind.SOLUTION: timedelta(days=7)}
    fields: dict[str, Any] = {
        "number": "2026-000123",
        "state": TicketState.ASSIGNED,
        "category": "pothole",
        "area": "roads",
        "kind": Kind.FAULT,
        "priority": Priority.P2,
        "decided": True,
        "resolver": STREETS,
        "district": "stred",
        "deadlines": [
            Deadline(kind=kind, due=_end_of_day(RECEIVED_AT + after), why="pothole") for kind, after in due.items()
        ],
    }
    return snapshot(**{**fields, **changes})


def ticket_event(
    kind: type[Ticket],
    sequence: int = 1,
    previous_hash: str = GENESIS,
    *,
    time: datetime = RECEIVED_AT + timedelta(seconds=2),
    confidentiality: Confidentiality = Confidentiality.OPEN,
    causationid: UUID | None = None,
    personal: TicketPersonal | None = None,
    sealed: bool = False,
    **fields: Any,
) -> Event[Ticket]:
    """One ticket event, linked to `previous_hash`; `fields` are those of its data, `after` the opened pothole if not given."""
    after = fields.setdefault("after", snapshot())
    kept = None if sealed else personal or TicketPersonal(salt=SALT)
    digest = personal_digest((kept or TicketPersonal(salt=SALT)).model_dump(mode="json", exclude_none=True))
    fields.setdefault("actor", SYSTEM)
    data = kind(**fields, personal=kept, personal_digest=digest, chain=Chain(previous=previous_hash, hash=GENESIS))
    event = new_event(
        data,
        id=identity.event_id(after.ticket_id, str(sequence)),
        source="/tickets",
        time=time,
        subject=after.ticket_id,
        municipality=MUNICIPALITY,
        confidentiality=confidentiality,
        causationid=causationid,
        traceparent=TRACEPARENT,
        sequence=sequence,
    )
    chain = Chain(previous=previous_hash, hash=link(orjson.loads(event.to_bytes()), previous_hash))
    return event.model_copy(update={"data": data.model_copy(update={"chain": chain})})


def chained(steps: Sequence[Step]) -> list[Event[Any]]:
    """The events of one case, in order and linked: each step is the class of its data and what `ticket_event` takes."""
    events: list[Event[Any]] = []
    for sequence, (kind, fields) in enumerate(steps, start=1):
        previous = events[-1].data.chain.hash if events else GENESIS
        events.append(ticket_event(kind, sequence, previous, **fields))
    return events


def decision() -> Decision:
    """Why the pothole is a pothole."""
    return Decision(
        decided=True,
        candidates=[Candidate(category="pothole", probability=0.93), Candidate(category="roadworks", probability=0.04)],
        reasons=["stem.vymol", "place.street"],
        pack=PACK_DIGEST,
    )
