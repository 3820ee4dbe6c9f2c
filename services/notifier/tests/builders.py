"""Ticket events and deliveries as the tests need them, on the samples of the contracts."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import packs
from contracts.envelope import Event
from contracts.participants import Contact, Participant, Proof, Role, Way
from contracts.sample_reports import PSEUDONYM_KEY, pseudonym_of
from contracts.sample_tickets import SALT, assigned_snapshot, ticket_event
from contracts.tickets import Resolver, ResolverKind, TicketData, TicketNumbered, TicketPersonal
from notifier.audience import hearings
from notifier.deliveries import Delivery, deliveries_of

REPOSITORY = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 12, 1, 7, 42, 15, tzinfo=UTC)
REPORTER_ADDRESS = "obcan@example.test"
TEAM_ADDRESS = "silnice@lipovany.test"
DISPATCHER_ADDRESS = "dispecink@lipovany.test"
BODY_ADDRESS = "poruchy@vodarna.test"
TECHNICAL_SERVICES = Resolver(kind=ResolverKind.TEAM, code="technicke-sluzby")
FOREIGN_ID = "7f3c19@mail.example.test"
PACK_PROOF = {Role.RESOLVER: Proof.PACK, Role.DISPATCHER: Proof.PACK, Role.BODY: Proof.PACK}


@cache
def lipovany() -> packs.Pack:
    """The pack of the invented town, as services get it."""
    return packs.unbundle(packs.bundle(packs.load(REPOSITORY / "packs" / "lipovany")))


def participant(address: str, role: Role = Role.REPORTER, **fields: Any) -> Participant:
    return Participant(
        **{
            "id": pseudonym_of(address),
            "role": role,
            "way": Way.EMAIL,
            "proof": PACK_PROOF.get(role, Proof.NONE),
            **fields,
        }
    )


REPORTER = participant(REPORTER_ADDRESS)
TEAM = participant(TEAM_ADDRESS, Role.RESOLVER)
DISPATCHER = participant(DISPATCHER_ADDRESS, Role.DISPATCHER)
BODY = participant(BODY_ADDRESS, Role.BODY)
ADDRESSES = {
    pseudonym_of(address): address for address in (REPORTER_ADDRESS, TEAM_ADDRESS, DISPATCHER_ADDRESS, BODY_ADDRESS)
}


def event(kind: type[TicketData], *concerned: Participant, **fields: Any) -> Event[Any]:
    """A ticket event that concerns these; `personal` takes fields of TicketPersonal, `address` another one for the first."""
    sequence, address = fields.pop("sequence", 3), fields.pop("address", None)
    contacts = {person.id: Contact(address=ADDRESSES.get(person.id)) for person in concerned}
    if address is not None:
        contacts[concerned[0].id] = Contact(address=address)
    personal = TicketPersonal(salt=SALT, contacts=contacts, **fields.pop("personal", {}))
    fields.setdefault("after", assigned_snapshot(resolver=TECHNICAL_SERVICES))
    fields.setdefault("time", NOW)
    return ticket_event(kind, sequence, participants=list(concerned), personal=personal, **fields)


def deliveries(of: Event[Any], now: datetime = NOW) -> list[Delivery]:
    return deliveries_of(of, hearings(of), now, pseudonym_key=PSEUDONYM_KEY)


def delivery(address: str = REPORTER_ADDRESS, *, sequence: int = 3, **changes: Any) -> Delivery:
    """The acknowledgement to somebody; `sequence` makes it another event's."""
    numbered = event(TicketNumbered, participant(address), sequence=sequence, address=address)
    (made,) = deliveries(numbered)
    return made.model_copy(update=changes)
