"""A case passes to another resolver: who has it, who hears of it, what is promised."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from contracts.participants import Actor, ActorKind, Role
from contracts.tickets import (
    Deadline,
    DeadlineKind,
    Resolver,
    ResolverKind,
    TicketAssigned,
    TicketNumbered,
    TicketState,
    TicketStateChanged,
)
from tickets.cases import deadlines, exchanges
from tickets.cases.case import Case, Cause, Change, Draft, Party, changed, is_with_body
from tickets.cases.lifecycle import HANDED_OVER
from tickets.cases.progress import clock_going
from tickets.cases.town import Town

SYSTEM = Actor(kind=ActorKind.SYSTEM, id="tickets")


def assigned_to(
    case: Case,
    resolver: Resolver,
    town: Town,
    cause: Cause,
    *,
    person: Party | None = None,
    reason: str | None = None,
    words: str | None = None,
    tell_former: bool = True,
) -> Change:
    """A hand-over. `person` is the member of staff where the resolver is one; a case without a number gets it here.

    Who had it until now hears of it, unless he handed it over himself (`tell_former`).
    A solved case stays solved: it only has another keeper, who has nothing to do and is not told.
    """
    to_body, solved = resolver.kind == ResolverKind.BODY, case.state not in HANDED_OVER
    drafts = [] if case.number is not None else [_numbered(case, cause)]
    after, taken_back = exchanges.withdrawn(case, resolver, town, cause)
    drafts += taken_back
    if not after.deadlines:
        after = with_deadline(after, town)
    previous = case.state
    team = resolver.code if resolver.kind == ResolverKind.TEAM else case.team or town.dispatcher.code
    told = person or (town.body(resolver.code) if to_body else town.team(resolver.code))
    concerned = () if solved else _concerned(case, resolver, told, team, town, tell_former=tell_former)
    after = changed(
        after,
        cause,
        state=previous if solved else TicketState.FORWARDED if to_body else TicketState.ASSIGNED,
        resolver=resolver,
        resolver_name=person.contact.name if person is not None else None,
        team=team,
        route_by=None,
        **({} if solved else clock_going(after, town, cause)),
        parties=[*case.reporters, person] if person is not None else [*case.reporters],
    )
    drafts.append(_assigned(case, cause, concerned, reason, words))
    forwarded_later = to_body and previous != TicketState.OPENED
    if forwarded_later or (previous == TicketState.FORWARDED and not to_body and not solved):
        # The first hand-over is told by the acknowledgement; a later one, and that the town has it again, is news to the reporter.
        drafts.append(_forwarded_or_back(case, cause, previous, reason))
    if to_body and told is not None:
        after, asked = exchanges.requested(after, told, resolver.code, cause)
        drafts += asked
    return after, drafts


def _concerned(
    case: Case, resolver: Resolver, told: Party | None, team: str, town: Town, *, tell_former: bool
) -> tuple[Party, ...]:
    """Who solves it now, who answers for it in the town beside an outside body, and who had it and need not go there any more."""
    overseer = town.team(team) if resolver.kind == ResolverKind.BODY else None
    now = [party for party in (told, overseer) if party is not None]
    busy = {party.participant.id for party in now}
    had_it = solver_parties(case, town) if tell_former and resolver != case.resolver else ()
    return (*now, *(_former(party) for party in had_it if party.participant.id not in busy))


def _former(party: Party) -> Party:
    former = party.participant.model_copy(update={"role": Role.FORMER_RESOLVER})
    return party.model_copy(update={"participant": former})


def solver_parties(case: Case, town: Town) -> tuple[Party, ...]:
    """The person or team that solves it, or the team that answers for it beside an outside body."""
    persons = tuple(party for party in case.parties if party not in case.reporters)
    if persons:
        return persons
    code = case.team if is_with_body(case) or case.resolver is None else case.resolver.code
    party = town.team(code) if code is not None else None
    return () if party is None else (party,)


def _numbered(case: Case, cause: Cause) -> Draft:
    told: Mapping[str, Any] = {
        "subject": case.opening.subject,
        "place_phrase": case.place_phrase,
        "message_id": case.opening.message_id,
    }
    system = Cause(SYSTEM, cause.at, cause.id, cause.traceparent)
    return Draft(TicketNumbered, system, concerned=case.reporters, changed=("number",), personal=told)


def _forwarded_or_back(case: Case, cause: Cause, previous: TicketState, reason: str | None) -> Draft:
    return Draft(
        TicketStateChanged,
        cause,
        concerned=case.reporters,
        changed=("state",),
        personal={
            "subject": case.opening.subject,
            "place_phrase": case.place_phrase,
            "message_id": case.reply_to,
        },
        reason=reason,
        fields={"previous": previous},
    )


def _assigned(case: Case, cause: Cause, concerned: Sequence[Party], reason: str | None, words: str | None) -> Draft:
    opening = case.opening
    return Draft(
        TicketAssigned,
        cause,
        concerned=concerned,
        changed=("state", "resolver"),
        personal={
            "subject": opening.subject,
            "text": opening.text,
            "file_names": opening.file_names,
            "place_phrase": case.place_phrase,
            "coordinates": case.coordinates,
            "words": words,
        },
        reason=reason,
        content_key=opening.content_key,
        original_key=opening.original_key,
        fields={"previous": case.resolver, "parts": opening.parts},
    )


def with_deadline(case: Case, town: Town) -> Case:
    """The promised day by the category; where nobody is sure of it, by the law alone. What was waited for the reporter counts."""
    category = town.category(case.category) if case.decided else None
    term = category.deadline if category is not None else None
    why = category.slug if category is not None else deadlines.LEGAL_MAXIMUM
    promise = deadlines.solution(case.received_at, term, why, town.calendar)
    # A clock that stands or was stopped goes on doing so.
    kept = case.deadlines[0] if case.deadlines else Deadline(kind=DeadlineKind.SOLUTION, due=promise.due, why=why)
    due = deadlines.postponed(promise, timedelta(seconds=case.waited_seconds), town.calendar)
    fresh = kept.model_copy(update={"due": due, "why": promise.why})
    return case.model_copy(update={"promise": promise, "deadlines": [fresh]})
