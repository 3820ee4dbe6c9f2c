"""What tickets' tests share: a clock, messages as readers get them, cases at a certain point of their life."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from contracts import identity
from contracts.envelope import Event, parse_event
from contracts.participants import Actor, ActorKind, Contact, Participant, Role, Way
from contracts.registry import EVENTS, NOTIFICATIONS, REPORTS, ROUTING
from contracts.reply_token import TokenRole
from contracts.reports import Automatic, FollowUp, MessagePersonal
from contracts.sample_reports import REPORTER, pseudonym_of, report_received
from contracts.samples import routing_decided
from contracts.tickets import TicketState
from kit.messages import Message
from tickets.cases import opening, progress
from tickets.cases.assigning import routed
from tickets.cases.case import Case, Cause, Change, Draft
from tickets.cases.keeping import Store, Unit
from tickets.cases.recording import StoredEvent, record
from tickets.cases.town import Town

SALT = "00112233445566778899aabbccddeeff"
START = datetime(2026, 12, 1, 7, 42, 12, tzinfo=UTC)
TEAM, TEAM_ADDRESS = "technicke-sluzby", "technicke-sluzby@lipovany.test"
DISPATCHER_ADDRESS = "dispecink@lipovany.test"
BARE_TOWN = Town("lipovany", None, pseudonym_of)
BODY, STRANGER = "vodarny", "hlasatel-1@example.test"


class Clock:
    """Stands still until it is moved."""

    def __init__(self, start: datetime = START) -> None:
        self.time = start

    def __call__(self) -> datetime:
        return self.time

    def passes(self, **span: float) -> None:
        self.time += timedelta(**span)


def message(event: Event[Any], offset: int = 0) -> Message:
    """An event as a reader gets it."""
    topic = next(t for t in (REPORTS, ROUTING, NOTIFICATIONS) if event.type in {e.event_type for e in t.events})
    return Message(topic.name, 0, offset, str(event.subject).encode(), event.to_bytes())


def messages(*events: Event[Any]) -> list[Message]:
    return [message(event, offset) for offset, event in enumerate(events)]


def report(subject: str = "Výmol v Lipové ulici", **changes: Any) -> Event[Any]:
    """A report; each subject is another report."""
    return report_received(subject, **changes)


def sent_by(address: str) -> Participant:
    return Participant(id=pseudonym_of(address), role=Role.REPORTER, way=Way.EMAIL)


def reply(
    ticket_id: UUID,
    *,
    role: TokenRole = TokenRole.REPORTER,
    address: str = "obcan@example.test",
    text: str = "Ještě něco.",
    automatic: Automatic = Automatic.NO,
    **changes: Any,
) -> Event[Any]:
    """An answer to one of our mails, with a genuine token."""
    subject = f"Re: {ticket_id} {role} {address} {text}"
    return report_received(
        subject,
        parts=[],
        sender=sent_by(address),
        follow_up=FollowUp(ticket_id=ticket_id, role=role, key_id="a1"),
        automatic=automatic,
        personal=MessagePersonal(
            sender=Contact(address=address), subject=subject, text=text, message_id=f"<{hash_of(subject)}@example.test>"
        ),
        **changes,
    )


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def routing(ticket_id: UUID, basedon: int = 1, **changes: Any) -> Event[Any]:
    """The router's decision on a case: a pothole for the technical services."""
    event = routing_decided(**{"ticket_id": ticket_id, "team": TEAM, **changes})
    return event.model_copy(
        update={"id": identity.event_id(ticket_id, f"routed-{basedon}"), "subject": ticket_id, "basedon": basedon}
    )


def ticket_of(event: Event[Any]) -> UUID:
    return identity.ticket_id(event.data.report_id)


def cause(clock: Clock | None = None, actor: ActorKind = ActorKind.STAFF, id: str = "staff-1") -> Cause:
    return Cause(Actor(kind=actor, id=id), clock() if clock is not None else START)


def recorded(before: Case | None, change: Change, number: str | None = None) -> tuple[Case, list[StoredEvent]]:
    """A change as a transaction would write it."""
    case, drafts = change
    if number is not None:
        case = case.model_copy(update={"number": number})
    return record(before, case, drafts, lambda: SALT)


def opened_case(**changes: Any) -> Case:
    event = report(**changes)
    return recorded(None, opening.from_report(event, [], cause(actor=ActorKind.REPORTER, id=REPORTER.id)))[0]


def assigned_case(town: Town, **routing_changes: Any) -> Case:
    """A case that the router gave to its resolver."""
    case = opened_case()
    return recorded(case, routed(case, routing(case.id, **routing_changes), town, cause()), "2026-000001")[0]


def in_state(case: Case, *states: TicketState, clock: Clock | None = None) -> Case:
    """The case after it was moved through the states."""
    for state in states:
        case, _ = recorded(case, progress.moved(case, state, BARE_TOWN, cause(clock), reason="by-test"))
    return case


def documents(events: Sequence[StoredEvent]) -> list[dict[str, Any]]:
    """The events' JSON; every one must be an event of the contracts."""
    for event in events:
        parse_event(event.body.encode(), EVENTS)
    return [orjson.loads(event.body) for event in events]


def drafts_of(change: Change) -> list[str]:
    return [draft.kind.event_type for draft in change[1]]


def draft_of(change: Change, event_type: str) -> Draft:
    return next(draft for draft in change[1] if draft.kind.event_type == event_type)


def told(draft: Draft) -> list[str | None]:
    """Addresses of those who shall hear of it."""
    return [party.contact.address for party in draft.concerned]


def read_case(store: Store, ticket_id: UUID) -> Case | None:
    """The case as the store has it."""

    def look(unit: Unit) -> Case | None:
        return unit.cases([ticket_id]).get(ticket_id)

    return store.transaction(look)


def retitled(event: Event[Any], **attributes: Any) -> Event[Any]:
    """The event with other attributes of the envelope."""
    return event.model_copy(update=attributes)
