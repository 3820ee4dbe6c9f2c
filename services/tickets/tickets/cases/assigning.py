"""A case gets its number, its category and its resolver: by the router, by the clock, or by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from contracts.envelope import Event
from contracts.participants import Actor, ActorKind, Role
from contracts.routing import RoutingDecided
from contracts.tickets import (
    Coordinates,
    Deadline,
    DeadlineKind,
    Decision,
    Resolver,
    ResolverKind,
    TicketAssigned,
    TicketClassified,
    TicketCorrected,
    TicketNumbered,
    TicketState,
    TicketStateChanged,
)
from contracts.types import Confidentiality, Kind, Priority
from tickets.cases import deadlines, exchanges
from tickets.cases.case import Case, Cause, Change, Draft, Party, changed, is_with_body
from tickets.cases.lifecycle import HANDED_OVER
from tickets.cases.progress import clock_going
from tickets.cases.town import Town
from tickets.cases.words import with_words

SYSTEM = Actor(kind=ActorKind.SYSTEM, id="tickets")
NOT_ROUTED = "not-routed-in-time"


def routed(case: Case, decision: Event[RoutingDecided], town: Town, cause: Cause) -> Change:
    """Applies the router's decision; where the case has moved on since it was read, the decision is only recorded."""
    data = decision.data
    fits = case.state == TicketState.OPENED and case.category is None and decision.basedon == case.version
    why = Decision(
        decided=data.decided,
        candidates=data.candidates,
        reasons=data.reasons,
        pack=data.pack,
        model=data.model,
        applied=fits,
    )
    found = {"place_phrase": data.personal.place_phrase, "coordinates": data.personal.coordinates}
    draft = Draft(
        TicketClassified,
        cause,
        changed=("category", "area", "kind", "priority", "urgent", "confidentiality", "district") if fits else (),
        personal={**found, "matched_words": data.personal.matched_words},
        fields={"decision": why},
    )
    if not fits:
        return _recorded_only(changed(case, cause, decision=case.decision or why), draft, data, town, cause)
    classified = changed(
        case,
        cause,
        category=data.category,
        area=data.area,
        kind=data.kind,
        priority=data.priority,
        urgent=data.urgent,
        decided=data.decided,
        language=data.language or case.language,
        district=data.district,
        confidentiality=data.confidentiality,
        decision=why,
        route_by=None,
        words=with_words(case.words, data.personal.place_phrase),
        **{name: value for name, value in found.items() if value is not None},
    )
    if data.set_aside:
        aside = changed(classified, cause, state=TicketState.SET_ASIDE)
        fields = {"previous": TicketState.OPENED}
        return aside, [draft, Draft(TicketStateChanged, cause, changed=("state",), reason="set-aside", fields=fields)]
    resolver, team = _resolver_by_routing(data, town)
    assigned, drafts = assigned_to(_with_deadline(changed(classified, cause, team=team), town), resolver, town, cause)
    return assigned, [draft, *drafts]


def _recorded_only(case: Case, draft: Draft, data: RoutingDecided, town: Town, cause: Cause) -> Change:
    """A decision that came too late changes nothing, but for one thing: what may be a whistleblower's, and what nobody has classified
    by hand, leaves the dispatcher's eyes all the same."""
    keeper = town.keeper_of_sealed(town.category(data.category))
    secret = data.confidentiality == Confidentiality.SEALED != case.confidentiality
    if not secret or case.category is not None or keeper is None:
        return case, [draft]
    sealed = changed(case, cause, confidentiality=Confidentiality.SEALED)
    after, drafts = assigned_to(sealed, Resolver(kind=ResolverKind.TEAM, code=keeper), town, cause)
    return after, [replace(draft, changed=("confidentiality",)), *drafts]


def _resolver_by_routing(data: RoutingDecided, town: Town) -> tuple[Resolver, str]:
    team = data.team if town.has_team(data.team) else town.dispatcher.code
    if data.confidentiality == Confidentiality.SEALED:
        # Not the dispatcher's to see, however unsure it is, and no outside body's.
        team = town.keeper_of_sealed(town.category(data.category)) or team
        return Resolver(kind=ResolverKind.TEAM, code=team), team
    if not data.decided:
        # Who decides it answers for it until then.
        return town.dispatcher, town.dispatcher.code
    if data.body is not None and town.reaches_body(data.body):
        return Resolver(kind=ResolverKind.BODY, code=data.body), team
    return Resolver(kind=ResolverKind.TEAM, code=team), team


def unrouted(case: Case, town: Town, cause: Cause) -> Change:
    """No routing came in time: the case gets its number and the dispatcher, who looks himself."""
    waiting = _with_deadline(changed(case, cause, route_by=None, team=town.dispatcher.code), town)
    return assigned_to(waiting, town.dispatcher, town, cause, reason=NOT_ROUTED)


@dataclass(frozen=True)
class Classification:
    """What a person decides. What is None comes from the category."""

    category: str
    kind: Kind | None = None
    priority: Priority | None = None
    confidentiality: Confidentiality | None = None
    urgent: bool = False
    place_phrase: str | None = None
    coordinates: Coordinates | None = None
    reason: str | None = None
    words: str | None = None


def classified(case: Case, wanted: Classification, town: Town, cause: Cause) -> Change:
    """A person classifies or corrects. A case without a resolver goes to the category's team, one that is sealed now to the
    competent person, whoever had it.

    `wanted.category` must be one of the town's; a town where nobody may read sealed cases can seal none: raises ValueError.
    """
    category = town.category(wanted.category)
    if category is None or town.pack is None:
        raise ValueError("not a category of the town")
    first = case.category is None
    place = {"place_phrase": wanted.place_phrase, "coordinates": wanted.coordinates}
    why = Decision(decided=True, reasons=["by-hand"])
    after = changed(
        case,
        cause,
        category=category.slug,
        area=category.area,
        kind=wanted.kind or category.kind,
        priority=wanted.priority or category.priority,
        confidentiality=wanted.confidentiality
        or (category.confidentiality if first else _stricter(case.confidentiality, category.confidentiality)),
        urgent=wanted.urgent,
        decided=True,
        decision=why if first else case.decision,
        route_by=None,
        words=with_words(case.words, wanted.place_phrase),
        **{name: value for name, value in place.items() if value is not None},
    )
    draft = Draft(
        TicketClassified if first else TicketCorrected,
        cause,
        changed=("category", "area", "kind", "priority", "urgent", "confidentiality", "due"),
        personal={**place, "words": wanted.words},
        reason=wanted.reason,
        fields={"decision": why} if first else {},
    )
    after = _with_deadline(after, town)
    sealed = after.confidentiality == Confidentiality.SEALED
    newly_sealed = sealed and case.confidentiality != Confidentiality.SEALED
    if after.state != TicketState.OPENED and not newly_sealed:
        return after, [draft]
    team = town.keeper_of_sealed(category) if sealed else town.pack.resolver_for(category).slug
    if team is None:
        raise ValueError("nobody in the town may read sealed cases")
    resolver = Resolver(kind=ResolverKind.TEAM, code=team)
    if case.resolver == resolver:
        return after, [draft]
    after, drafts = assigned_to(after, resolver, town, cause)
    return after, [draft, *drafts]


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
        after = _with_deadline(after, town)
    previous = case.state
    state = previous if solved else TicketState.FORWARDED if to_body else TicketState.ASSIGNED
    team = resolver.code if resolver.kind == ResolverKind.TEAM else case.team or town.dispatcher.code
    others = [party for party in case.parties if party.participant.role == Role.REPORTER]
    told = person or (town.body(resolver.code) if to_body else town.team(resolver.code))
    concerned = () if solved else _concerned_by_hand_over(case, resolver, told, team, town)
    if not tell_former:
        concerned = tuple(party for party in concerned if party.participant.role != Role.FORMER_RESOLVER)
    after = changed(
        after,
        cause,
        state=state,
        resolver=resolver,
        resolver_name=person.contact.name if person is not None else None,
        team=team,
        route_by=None,
        **({} if solved else clock_going(after, town, cause)),
        parties=[*others, person] if person is not None else others,
    )
    content = _content(case)
    fields = {"previous": case.resolver, "parts": case.opening.parts}
    drafts.append(
        Draft(
            TicketAssigned,
            cause,
            concerned=concerned,
            changed=("state", "resolver"),
            personal={**content, "words": words},
            reason=reason,
            content_key=case.opening.content_key,
            original_key=case.opening.original_key,
            fields=fields,
        )
    )
    forwarded_later = to_body and previous != TicketState.OPENED
    if forwarded_later or (previous == TicketState.FORWARDED and not to_body and not solved):
        # The first hand-over is told by the acknowledgement; a later one, and that the town has it again, is news to the reporter.
        drafts.append(_forwarded_or_back(case, cause, previous, reason))
    if to_body and told is not None:
        after, asked = exchanges.requested(after, told, resolver.code, cause)
        drafts += asked
    return after, drafts


def _concerned_by_hand_over(
    case: Case, resolver: Resolver, told: Party | None, team: str, town: Town
) -> tuple[Party, ...]:
    """Who solves it now, who answers for it in the town beside an outside body, and who had it and need not go there any more."""
    overseer = town.team(team) if resolver.kind == ResolverKind.BODY else None
    now = [party for party in (told, overseer) if party is not None]
    busy = {party.participant.id for party in now}
    before = [party for party in solver_parties(case, town) if party.participant.id not in busy]
    return (*now, *(_former(party) for party in before if resolver != case.resolver))


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


def _content(case: Case) -> dict[str, Any]:
    opening = case.opening
    return {
        "subject": opening.subject,
        "text": opening.text,
        "file_names": opening.file_names,
        "place_phrase": case.place_phrase,
        "coordinates": case.coordinates,
    }


def _with_deadline(case: Case, town: Town) -> Case:
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


def _stricter(one: Confidentiality, other: Confidentiality) -> Confidentiality:
    """A correction that says nothing of confidentiality never opens what somebody closed."""
    return max(one, other, key=list(Confidentiality).index)
