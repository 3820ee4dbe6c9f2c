"""Who hears what: one table. The first row that fits an event and a participant's role says what that participant gets.

What a row does not carry never reaches the delivery record, so a sealed case cannot leak by a template's mistake.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contracts.envelope import Event
from contracts.participants import ActorKind, Participant, Role, Way
from contracts.reports import Automatic
from contracts.tickets import (
    Direction,
    ExchangeState,
    ResolverKind,
    TicketAssigned,
    TicketData,
    TicketDeliveryUpdated,
    TicketExchangeUpdated,
    TicketMessageAdded,
    TicketNumbered,
    TicketState,
    TicketStateChanged,
    Visibility,
)
from contracts.types import Confidentiality, Kind

Condition = Callable[[Event[Any]], bool]


class Mark(StrEnum):
    """`Auto-Submitted` of RFC 3834; a clerk's own words are no automatic mail."""

    REPLIED = "auto-replied"
    GENERATED = "auto-generated"
    NONE = "no"


class Piece(StrEnum):
    """A personal piece of the event that a mail may need. The address and the thread's Message-ID always travel."""

    NAME = "name"
    SUBJECT = "subject"
    TEXT = "text"
    PLACE = "place_phrase"
    COORDINATES = "coordinates"
    WORDS = "words"
    FILES = "files"


@dataclass(frozen=True)
class Row:
    """`template` goes to participants of `role` when `when` holds; `carries` is all that travels of the personal part."""

    event: type[TicketData]
    role: Role
    when: Condition
    template: str
    mark: Mark
    carries: frozenset[Piece] = frozenset()
    reason: str | None = None
    """Why, in the words of the text; else the event's own reason."""


@dataclass(frozen=True)
class Hearing:
    """One participant and the row by which he hears of an event."""

    participant: Participant
    row: Row


def _always(event: Event[Any]) -> bool:
    return True


def _emergency(event: Event[Any]) -> bool:
    return bool(event.data.after.kind == Kind.EMERGENCY)


def _sealed(event: Event[Any]) -> bool:
    return event.confidentiality == Confidentiality.SEALED


def _not_open(event: Event[Any]) -> bool:
    return event.confidentiality != Confidentiality.OPEN


def _undecided(event: Event[Any]) -> bool:
    return not event.data.after.decided


def _content_stays_inside(event: Event[Any]) -> bool:
    """A case that nothing has classified yet may be a sealed one: its content goes into no mailbox."""
    return _sealed(event) or event.data.after.category is None


def _to_a_body(event: Event[Any]) -> bool:
    resolver = event.data.after.resolver
    return bool(resolver is not None and resolver.kind == ResolverKind.BODY and not _content_stays_inside(event))


def _withdrawn(event: Event[Any]) -> bool:
    return bool(event.data.exchange.state == ExchangeState.WITHDRAWN)


def _answer(event: Event[Any]) -> bool:
    return bool(event.data.direction == Direction.OUTBOUND and event.data.visibility == Visibility.PUBLIC)


def _word_from_the_body(event: Event[Any]) -> bool:
    return _word_from_outside(event) and event.data.actor.kind == ActorKind.BODY


def _word_from_outside(event: Event[Any]) -> bool:
    return bool(event.data.direction == Direction.INBOUND and event.data.automatic == Automatic.NO)


def _note(event: Event[Any]) -> bool:
    return bool(event.data.visibility == Visibility.INTERNAL and event.data.automatic == Automatic.NO)


def _news(event: Event[Any]) -> bool:
    return _word_from_outside(event) or _note(event)


def _nobody_knows_whose(event: Event[Any]) -> bool:
    """The rules were not sure or did not answer in time: a person has to decide, and no person has assigned it yet."""
    return _undecided(event) and event.data.actor.kind in (ActorKind.SYSTEM, ActorKind.ROUTER)


def _both(one: Condition, other: Condition) -> Condition:
    return lambda event: one(event) and other(event)


TOLD_STATES = frozenset(
    {TicketState.WAITING_FOR_REPORTER, TicketState.RESOLVED, TicketState.REJECTED, TicketState.CLOSED}
)


def _state_is_told(event: Event[Any]) -> bool:
    """The first hand-over to a body is told by the acknowledgement; a later one is news (§ 12 of act 500/2004 Sb.), and so is that
    the town has it again."""
    if event.data.after.state == TicketState.FORWARDED:
        return bool(event.data.previous != TicketState.OPENED)
    if event.data.after.state == TicketState.ASSIGNED:
        return bool(event.data.previous == TicketState.FORWARDED)
    return event.data.after.state in TOLD_STATES


def _failed(event: Event[Any]) -> bool:
    return bool(event.data.outcome == "failed")


_PLACE = frozenset({Piece.PLACE})
_MATTER = frozenset({Piece.TEXT, Piece.PLACE, Piece.COORDINATES, Piece.FILES})
_CASE = _MATTER | {Piece.SUBJECT, Piece.WORDS}

TABLE: tuple[Row, ...] = (
    # The number is the promise that the case is kept: only now does the reporter hear of it.
    Row(TicketNumbered, Role.REPORTER, _emergency, "acknowledgement_emergency", Mark.REPLIED, _PLACE),
    Row(TicketNumbered, Role.REPORTER, _sealed, "acknowledgement_confidential", Mark.REPLIED),
    Row(TicketNumbered, Role.REPORTER, _content_stays_inside, "acknowledgement_unclear", Mark.REPLIED),
    Row(TicketNumbered, Role.REPORTER, _not_open, "acknowledgement_confidential", Mark.REPLIED),
    Row(TicketNumbered, Role.REPORTER, _undecided, "acknowledgement_unclear", Mark.REPLIED, _PLACE),
    Row(TicketNumbered, Role.REPORTER, _always, "acknowledgement", Mark.REPLIED, _PLACE),
    # Whoever has to do something. A sealed case goes to no body by itself.
    Row(TicketAssigned, Role.BODY, _to_a_body, "body_request", Mark.GENERATED, _MATTER),
    Row(TicketAssigned, Role.RESOLVER, _sealed, "task_confidential", Mark.GENERATED),
    Row(
        TicketAssigned,
        Role.RESOLVER,
        _both(_nobody_knows_whose, _content_stays_inside),
        "dispatcher_attention",
        Mark.GENERATED,
        reason="timed-out",
    ),
    Row(TicketAssigned, Role.RESOLVER, _nobody_knows_whose, "dispatcher_attention", Mark.GENERATED, _CASE, "unsure"),
    Row(TicketAssigned, Role.RESOLVER, _content_stays_inside, "task_confidential", Mark.GENERATED),
    Row(TicketAssigned, Role.RESOLVER, _always, "task", Mark.GENERATED, _CASE),
    Row(TicketAssigned, Role.FORMER_RESOLVER, _content_stays_inside, "task_withdrawn_confidential", Mark.GENERATED),
    Row(TicketAssigned, Role.FORMER_RESOLVER, _always, "task_withdrawn", Mark.GENERATED, _PLACE | {Piece.WORDS}),
    Row(TicketExchangeUpdated, Role.BODY, _withdrawn, "body_withdrawn", Mark.GENERATED),
    # The conversation.
    Row(TicketMessageAdded, Role.REPORTER, _both(_answer, _sealed), "message_confidential", Mark.GENERATED),
    Row(TicketMessageAdded, Role.REPORTER, _answer, "message_to_reporter", Mark.NONE, frozenset({Piece.TEXT})),
    Row(TicketMessageAdded, Role.RESOLVER, _both(_news, _content_stays_inside), "task_confidential", Mark.GENERATED),
    Row(TicketMessageAdded, Role.RESOLVER, _word_from_the_body, "message_from_body", Mark.GENERATED, _MATTER),
    Row(TicketMessageAdded, Role.RESOLVER, _word_from_outside, "message_from_reporter", Mark.GENERATED, _MATTER),
    Row(TicketMessageAdded, Role.RESOLVER, _note, "internal_note", Mark.GENERATED, _MATTER),
    # Where the case stands.
    Row(TicketStateChanged, Role.REPORTER, _both(_state_is_told, _sealed), "state_changed", Mark.GENERATED),
    Row(TicketStateChanged, Role.REPORTER, _state_is_told, "state_changed", Mark.GENERATED, _PLACE | {Piece.WORDS}),
    Row(TicketStateChanged, Role.RESOLVER, _content_stays_inside, "task_confidential", Mark.GENERATED),
    Row(TicketStateChanged, Role.RESOLVER, _always, "task_moved", Mark.GENERATED, _PLACE | {Piece.WORDS}),
    Row(
        TicketDeliveryUpdated,
        Role.DISPATCHER,
        _both(_failed, _sealed),
        "dispatcher_attention",
        Mark.GENERATED,
        reason="delivery-failed-confidential",
    ),
    Row(
        TicketDeliveryUpdated,
        Role.DISPATCHER,
        _failed,
        "dispatcher_attention",
        Mark.GENERATED,
        reason="delivery-failed",
    ),
)


def hearings(event: Event[Any]) -> list[Hearing]:
    """Everybody who hears of the event, each by the first row that fits; in the order of the event's participants."""
    heard = []
    for participant in event.data.participants:
        row = _row(event, participant)
        if row is not None:
            heard.append(Hearing(participant, row))
    return heard


def _row(event: Event[Any], participant: Participant) -> Row | None:
    if participant.way == Way.NONE or participant.id in _already_know(event):
        return None
    role = _role(event, participant)
    for row in TABLE:
        if isinstance(event.data, row.event) and row.role == role and row.when(event):
            # P9: a machine gets no automatic mail, what a clerk writes to it goes out.
            return None if participant.automatic and row.mark != Mark.NONE else row
    return None


def _role(event: Event[Any], participant: Participant) -> Role:
    """A dispatcher to whom a case is assigned has to solve it like any resolver."""
    assigned = isinstance(event.data, TicketAssigned) and participant.role == Role.DISPATCHER
    return Role.RESOLVER if assigned else participant.role


def _already_know(event: Event[Any]) -> set[str | None]:
    """Who did it needs no mail of it; and whose mailbox failed is not told that it failed: such mails would never end."""
    knowing = {event.data.actor.id}
    if isinstance(event.data, TicketMessageAdded):
        knowing.add(event.data.author)
    if isinstance(event.data, TicketDeliveryUpdated):
        knowing.add(event.data.recipient)
    return knowing
