"""From a town's ticket events to cases of which people have had the last word. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.envelope import Event
from contracts.formats import MessageToClassify, Point
from contracts.participants import ActorKind
from contracts.tickets import (
    ExchangeState,
    ResolverKind,
    TicketClassified,
    TicketCorrected,
    TicketExchangeUpdated,
    TicketOpened,
    TicketState,
)
from contracts.types import Confidentiality, Kind
from router.matter import CaseText, Position

_DONE = frozenset([TicketState.RESOLVED, TicketState.CLOSED])


@dataclass(frozen=True)
class SettledCase:
    """A case as it was told, what the router made of it, and what people left it as."""

    ticket_id: UUID
    opened_at: datetime
    case: CaseText
    decided: str | None
    """The router's first category; None where it never decided."""
    category: str
    kind: Kind
    body: str | None
    """Slug of the body that answered for it; None where none did."""
    refused: bool
    """A body was asked and did not take it."""
    people: frozenset[str]
    """Who corrected it, and who solved it as it is."""

    @property
    def corrected(self) -> bool:
        """Whether people made something else of it than the router."""
        return self.decided is not None and self.decided != self.category


@dataclass
class _Story:
    case: CaseText | None = None
    last: int = 0
    opened_at: datetime | None = None
    decided: str | None = None
    done: bool = False
    settled_by_hand: bool = False
    after: Any = None
    body: str | None = None
    refused: bool = False
    people: set[str] = field(default_factory=set)


def settled_cases(events: Iterable[Event[Any]]) -> list[SettledCase]:
    """Cases with a text that are solved, or whose category a person has set; in the order in which they were opened.

    An event may come again, as it does when histories are published again: the newest form of it counts, so a text that was
    taken out is gone. Sealed cases have no text here.
    """
    stories: dict[UUID, _Story] = {}
    for event in events:
        story = stories.setdefault(event.subject, _Story())
        if isinstance(event.data, TicketOpened):
            story.case, story.opened_at = _told(event), event.data.after.opened_at
        if event.sequence is not None and event.sequence > story.last:
            story.last = event.sequence
            _goes_on(story, event.data)
    cases = [_settled(ticket, story) for ticket, story in stories.items()]
    return sorted((case for case in cases if case is not None), key=lambda one: (one.opened_at, str(one.ticket_id)))


def told_cases(events: Iterable[Event[Any]]) -> list[MessageToClassify]:
    """Every case with a text, as a dry run reads it, in the order in which they were opened; no one knows what is right about them."""
    newest: dict[UUID, Event[Any]] = {event.subject: event for event in events if isinstance(event.data, TicketOpened)}
    told = []
    for event in sorted(newest.values(), key=lambda one: (one.data.after.opened_at, str(one.subject))):
        if (case := _told(event)) is None:
            continue
        gps = [Point(lat=place.latitude, lon=place.longitude) for place in case.photo_positions[:1]]
        told.append(
            MessageToClassify(
                id=str(event.subject),
                channel=event.data.after.channel,
                subject=case.subject,
                text=case.text,
                gps=gps[0] if gps else None,
                lang=case.language,
            )
        )
    return told


def _told(event: Event[Any]) -> CaseText | None:
    personal = event.data.personal
    if personal is None or event.confidentiality == Confidentiality.SEALED or not (personal.text or personal.subject):
        return None
    return CaseText(
        subject=personal.subject or "",
        text=personal.text or "",
        automatic=event.data.automatic,
        language=event.data.after.language,
        photo_positions=[Position(place.latitude, place.longitude) for place in personal.photo_places],
    )


def _goes_on(story: _Story, data: Any) -> None:
    story.after = data.after
    if isinstance(data, TicketClassified) and data.decision.candidates and story.decided is None:
        story.decided = data.decision.candidates[0].category
    if isinstance(data, TicketExchangeUpdated):
        answered = data.exchange.state == ExchangeState.ANSWERED
        story.body = data.exchange.body if answered else None
        story.refused |= data.exchange.state in (ExchangeState.FAILED, ExchangeState.WITHDRAWN)
    member = data.actor.id if data.actor.kind == ActorKind.STAFF else None
    if isinstance(data, TicketCorrected) and member is not None:
        # Whoever had a say in what it was before, had none in what it is now.
        story.people = {member}
        story.settled_by_hand = True
    elif isinstance(data, TicketClassified) and member is not None:
        story.people.add(member)
        story.settled_by_hand = True
    if data.after.state in _DONE and not story.done and member is not None:
        story.people.add(member)
    story.done = data.after.state in _DONE


def _settled(ticket: UUID, story: _Story) -> SettledCase | None:
    after = story.after
    if story.case is None or story.opened_at is None or after is None or after.category is None or after.kind is None:
        return None
    if not (story.done or story.settled_by_hand):
        return None
    held = after.resolver is not None and after.resolver.kind == ResolverKind.BODY
    return SettledCase(
        ticket_id=ticket,
        opened_at=story.opened_at,
        case=story.case,
        decided=story.decided,
        category=after.category,
        kind=after.kind,
        body=story.body or (after.resolver.code if held and story.done else None),
        refused=story.refused,
        people=frozenset(story.people),
    )
