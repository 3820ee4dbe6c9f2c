"""A case gets its number, its category and its resolver: by the router, by the clock, or by hand."""

from dataclasses import dataclass, replace

from contracts.envelope import Event
from contracts.routing import RoutingDecided
from contracts.tickets import (
    Coordinates,
    Decision,
    Resolver,
    ResolverKind,
    TicketClassified,
    TicketCorrected,
    TicketState,
    TicketStateChanged,
)
from contracts.types import Confidentiality, Kind, Priority
from tickets.cases.case import Case, Cause, Change, Draft, changed
from tickets.cases.handing_over import assigned_to, with_deadline
from tickets.cases.town import Town
from tickets.cases.words import with_words

NOT_ROUTED = "not-routed-in-time"
BY_HAND = "by-hand"


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
        personal={**found, "matched_words": data.personal.matched_words, "further": data.personal.further},
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
        further=data.personal.further,
        route_by=None,
        words=with_words(case.words, data.personal.place_phrase),
        **{name: value for name, value in found.items() if value is not None},
    )
    if data.set_aside:
        aside = changed(classified, cause, state=TicketState.SET_ASIDE)
        fields = {"previous": TicketState.OPENED}
        return aside, [draft, Draft(TicketStateChanged, cause, changed=("state",), reason="set-aside", fields=fields)]
    resolver, team = _resolver_by_routing(data, town)
    assigned, drafts = assigned_to(with_deadline(changed(classified, cause, team=team), town), resolver, town, cause)
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
    waiting = with_deadline(changed(case, cause, route_by=None, team=town.dispatcher.code), town)
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
    why = Decision(decided=True, reasons=[BY_HAND])
    after = changed(
        case,
        cause,
        category=category.slug,
        area=category.area,
        kind=wanted.kind or category.kind,
        priority=wanted.priority or category.priority,
        confidentiality=wanted.confidentiality
        or (category.confidentiality if first else stricter(case.confidentiality, category.confidentiality)),
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
    after = with_deadline(after, town)
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


def set_otherwise(before: Case, category: str) -> str | None:
    """Who had decided on the category that a person now sets otherwise than the router: `router` alone, or a `person` after it; None
    where nothing of the router's is taken back.
    """
    decision = before.decision
    if decision is None or BY_HAND in decision.reasons or before.category in (None, category):
        return None
    return "router" if decision.decided and decision.applied else "person"


def stricter(one: Confidentiality, other: Confidentiality) -> Confidentiality:
    """A correction that says nothing of confidentiality never opens what somebody closed."""
    return max(one, other, key=list(Confidentiality).index)
