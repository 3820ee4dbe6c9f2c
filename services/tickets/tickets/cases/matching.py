"""Whether a report belongs to a case that we have: a first form that never guesses.

Only a genuine token together with a sender whom the case knows joins a report to its case. Anything less opens a case of its
own, which names the cases that it may belong to.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.envelope import Event
from contracts.reply_token import TokenRole
from contracts.reports import Automatic, InboundMessage
from contracts.tickets import ResolverKind
from contracts.types import Confidentiality
from tickets.cases.case import Case
from tickets.cases.lifecycle import REOPENED_WITHIN, TAKES_NO_MESSAGES
from tickets.cases.town import Town

_UNKNOWN_SENDER = "token-of-another-sender"


class Fate(StrEnum):
    """What a report does."""

    OPENS = "opens"
    ADDS = "adds"
    """The reporter's message in his case."""
    NOTES = "notes"
    """An internal note of who solves it."""
    ANSWERS = "answers"
    """An outside body's answer."""


@dataclass(frozen=True)
class Match:
    """What a report does, to which case, why, and how sure that is (0 to 1)."""

    fate: Fate
    why: str
    ticket_id: UUID | None = None
    certainty: float = 1.0
    maybe: tuple[UUID, ...] = ()


def match(
    report: Event[InboundMessage],
    cases: Mapping[UUID, Case],
    numbers: Mapping[str, UUID],
    staff: Collection[str],
    town: Town,
) -> Match:
    """Decides on one report.

    `cases` are those that it names, where we have them; `numbers` lead from the numbers that it names to cases; `staff` are the
    pseudonyms of the town's members of staff.
    """
    data = report.data
    maybe = _maybe(report, cases, numbers)
    if data.follow_up is None:
        return Match(Fate.OPENS, "no-token", maybe=maybe)
    case = cases.get(data.follow_up.ticket_id)
    if case is None or case.municipality != report.municipality:
        return Match(Fate.OPENS, "token-of-no-case", maybe=maybe)
    fate, why = _by_token(data, case, staff, town, at=data.received_at)
    if fate == Fate.OPENS and case.confidentiality == Confidentiality.SEALED:
        # A case of its own would be read by others: whoever writes with a sealed case's token is read by its officer alone.
        return Match(Fate.ADDS, "token-of-sealed-case", ticket_id=case.id, certainty=0.5)
    if fate == Fate.OPENS:
        return Match(fate, why, maybe=maybe)
    return Match(fate, why, ticket_id=case.id)


def _by_token(data: InboundMessage, case: Case, staff: Collection[str], town: Town, at: datetime) -> tuple[Fate, str]:
    role = data.follow_up.role if data.follow_up is not None else None
    sender = data.sender.id
    if role == TokenRole.REPORTER and any(party.participant.id == sender for party in case.reporters):
        return _reporters_message(data, case, at)
    if role == TokenRole.RESOLVER and (sender in staff or sender in _resolvers(case, town)):
        return Fate.NOTES, "token-and-resolver"
    if role == TokenRole.BODY and sender in _bodies(case, town):
        return Fate.ANSWERS, "token-and-body"
    if role == TokenRole.BOUNCE and data.automatic != Automatic.NO:
        # Machines answer to the return path: "out of office" to a mail of this case, whoever got it.
        return _machines_answer(case, sender, staff, town)
    return Fate.OPENS, _UNKNOWN_SENDER


def _reporters_message(data: InboundMessage, case: Case, at: datetime) -> tuple[Fate, str]:
    if data.automatic != Automatic.NO:
        # A machine's word changes nothing, so it may stand by any case.
        return Fate.ADDS, "token-and-sender"
    if case.state in TAKES_NO_MESSAGES:
        return Fate.OPENS, "case-is-closed"
    within = REOPENED_WITHIN.get(case.state)
    if within is not None and case.solved_at is not None and at > case.solved_at + within:
        return Fate.OPENS, "solved-too-long-ago"
    return Fate.ADDS, "token-and-sender"


def _machines_answer(case: Case, sender: str, staff: Collection[str], town: Town) -> tuple[Fate, str]:
    why = "return-path-and-sender"
    if any(party.participant.id == sender for party in case.reporters):
        return Fate.ADDS, why
    if sender in _bodies(case, town):
        return Fate.ANSWERS, why
    if sender in staff or sender in _resolvers(case, town):
        return Fate.NOTES, why
    return Fate.OPENS, _UNKNOWN_SENDER


def _resolvers(case: Case, town: Town) -> set[str]:
    """Pseudonyms of those who solve it or answer for it, and of the dispatcher, who may have had it before."""
    teams = (town.team(code) for code in (*case.solvers, town.dispatcher.code))
    known = {party.participant.id for party in teams if party is not None}
    return known | {party.participant.id for party in case.parties if party not in case.reporters}


def _bodies(case: Case, town: Town) -> set[str]:
    """Pseudonyms of the bodies that the case was ever handed over to."""
    codes = {exchange.body for exchange in case.exchanges}
    if case.resolver is not None and case.resolver.kind == ResolverKind.BODY:
        codes.add(case.resolver.code)
    parties = (town.body(code) for code in codes)
    return {party.participant.id for party in parties if party is not None}


def _maybe(report: Event[InboundMessage], cases: Mapping[UUID, Case], numbers: Mapping[str, UUID]) -> tuple[UUID, ...]:
    data = report.data
    named = [data.follow_up.ticket_id] if data.follow_up is not None else []
    named += data.hints.tickets
    named += [numbers[number] for number in data.hints.numbers if number in numbers]
    ours = [one for one in named if one in cases and _may_be_named(cases[one], report.municipality)]
    return tuple(dict.fromkeys(ours))[:10]


def _may_be_named(case: Case, municipality: str) -> bool:
    """That there is a sealed case is itself nobody's business."""
    return case.municipality == municipality and case.confidentiality != Confidentiality.SEALED
