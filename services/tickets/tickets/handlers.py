"""What reports, routings and notifications do to the cases."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.envelope import Event
from contracts.notifications import NotificationFailed, NotificationSent
from contracts.participants import Actor, ActorKind
from contracts.registry import NOTIFICATIONS, REPORTS, ROUTING
from contracts.reports import DeliveryReported
from tickets.batch_handler import BatchHandler, CaseEventsHandler, Clock, Refusals, Towns, now
from tickets.cases import conversation, opening
from tickets.cases.assigning import routed
from tickets.cases.batch import Batch
from tickets.cases.case import Case
from tickets.cases.handing_over import SYSTEM
from tickets.cases.keeping import ReportOutcome, ReportRecord, Store
from tickets.cases.matching import Fate, Match, match
from tickets.cases.routing_pace import RoutingPace

_SPEAKERS: Mapping[Fate, ActorKind] = {
    Fate.OPENS: ActorKind.REPORTER,
    Fate.ADDS: ActorKind.REPORTER,
    Fate.NOTES: ActorKind.STAFF,
    Fate.ANSWERS: ActorKind.BODY,
}
_OUTCOMES: Mapping[Fate, ReportOutcome] = {
    Fate.OPENS: ReportOutcome.OPENED,
    Fate.ADDS: ReportOutcome.ADDED,
    Fate.NOTES: ReportOutcome.ADDED,
    Fate.ANSWERS: ReportOutcome.EXCHANGE_ANSWER,
}


class ReportsHandler(BatchHandler):
    """Reports open a case or are added to one; bodies' answers and delivery failures are shown on theirs."""

    topic = REPORTS

    def work(self, batch: Batch, events: Sequence[Event[Any]]) -> Refusals:
        """Gives every report that was not handled before its one outcome."""
        seen = batch.unit.known_reports({event.data.report_id for event in events})
        fresh: dict[UUID, Event[Any]] = {}
        for event in events:
            if event.data.report_id not in seen:
                # The same report may stand twice in one batch.
                fresh.setdefault(event.data.report_id, event)
        numbers = _cases_by_number(batch, fresh.values())
        batch.load({*numbers.values(), *(one for event in fresh.values() for one in _named(event))})
        staff = batch.unit.staff({event.data.sender.id for event in fresh.values() if _has_token(event)})
        for event in fresh.values():
            if isinstance(event.data, DeliveryReported):
                self._delivery(batch, event)
            else:
                self._message(batch, event, numbers, staff)
        return {}

    def _message(self, batch: Batch, event: Event[Any], numbers: Mapping[str, UUID], staff: set[str]) -> None:
        data, town = event.data, self._towns(event.municipality)
        hinted = {n: numbers[key] for n in data.hints.numbers if (key := f"{event.municipality}/{n}") in numbers}
        # Only what this report names: the batch holds the cases of other reports and towns too.
        named = {one: case for one in {*_named(event), *hinted.values()} if (case := batch.case(one)) is not None}
        matched = match(event, named, hinted, staff, town)
        cause = self._cause(Actor(kind=_SPEAKERS[matched.fate], id=data.sender.id), event)
        case = batch.case(matched.ticket_id) if matched.ticket_id is not None else None
        if case is None:
            case, drafts = opening.from_report(event, matched.maybe, cause)
        else:
            sure = {"certainty": matched.certainty} if matched.fate == Fate.ADDS else {}
            case, drafts = _IN_CASE[matched.fate](case, data, town, cause, **sure)
        batch.change(case, drafts)
        batch.report(_record(event, matched, case))

    def _delivery(self, batch: Batch, event: Event[DeliveryReported]) -> None:
        data = event.data
        case = batch.case(data.ticket_id) if data.ticket_id is not None else None
        if case is not None and case.municipality != event.municipality:
            case = None
        if case is not None:
            proven = conversation.is_our_delivery(case, data.delivery_id, data.recipient)
            change = conversation.delivery_updated(
                case,
                self._towns(event.municipality),
                self._cause(SYSTEM, event),
                # Unproven it is shown, and nothing follows from it.
                outcome=data.action if proven else conversation.UNPROVEN,
                delivery_id=data.delivery_id,
                recipient=data.recipient,
                reason="returned",
                status=data.status,
            )
            batch.change(*change)
        batch.report(
            ReportRecord(
                id=data.report_id,
                municipality=event.municipality,
                outcome=ReportOutcome.DELIVERY_FAILURE,
                why="delivery-report" if case is not None else "delivery-report-of-no-case",
                received_at=data.received_at,
                original=data.original,
                channel=data.channel,
                ticket_id=case.id if case is not None else None,
            )
        )


_IN_CASE: Mapping[Fate, Callable[..., Any]] = {
    Fate.ADDS: conversation.said_by_reporter,
    Fate.NOTES: conversation.noted_by_resolver,
    Fate.ANSWERS: conversation.answered_by_body,
}


class RoutingHandler(CaseEventsHandler):
    """The router's decisions are applied where they still fit."""

    topic = ROUTING

    def __init__(
        self,
        store: Store,
        towns: Towns,
        clock: Clock = now,
        after: Callable[[], None] = lambda: None,
        pace: RoutingPace | None = None,
    ) -> None:
        super().__init__(store, towns, clock, after)
        self._pace = pace or RoutingPace()

    def apply(self, batch: Batch, case: Case, event: Event[Any]) -> None:
        """Applies a decision, or records it where it does not fit any more."""
        cause = self._cause(Actor(kind=ActorKind.ROUTER, id="router"), event)
        batch.change(*routed(case, event, self._towns(event.municipality), cause))
        self._pace.note(case.opened_at, cause.at)


class NotificationsHandler(CaseEventsHandler):
    """What became of the mails is shown on the case where somebody has to know."""

    topic = NOTIFICATIONS

    def tells_something(self, event: Event[Any]) -> bool:
        """Most mails just went out: nothing is written of them."""
        data = event.data
        return isinstance(data, NotificationFailed) or data.in_doubt or data.after_failure or data.body is not None

    def apply(self, batch: Batch, case: Case, event: Event[Any]) -> None:
        """Shows it."""
        data, cause, town = event.data, self._cause(SYSTEM, event), self._towns(event.municipality)
        failed = isinstance(data, NotificationFailed)
        if failed or data.in_doubt or data.after_failure:
            case, drafts = conversation.delivery_updated(
                case,
                town,
                cause,
                outcome=_outcome(data),
                delivery_id=data.delivery_id,
                recipient=data.recipient,
                body=data.body,
                template=data.template,
                reason=data.reason if failed else None,
                status=data.status if failed else None,
            )
            batch.change(case, drafts)
        if isinstance(data, NotificationSent) and data.body is not None:
            batch.change(*conversation.sent_to_body(batch.case(case.id) or case, data.body, data.template, cause))


def _outcome(data: NotificationSent | NotificationFailed) -> str:
    if isinstance(data, NotificationFailed):
        return conversation.FAILED
    return conversation.IN_DOUBT if data.in_doubt else conversation.SENT


def _has_token(event: Event[Any]) -> bool:
    return not isinstance(event.data, DeliveryReported) and event.data.follow_up is not None


def _named(event: Event[Any]) -> list[UUID]:
    """The cases that a report names, by token or hint."""
    data = event.data
    if isinstance(data, DeliveryReported):
        return [data.ticket_id] if data.ticket_id is not None else []
    return [*([data.follow_up.ticket_id] if data.follow_up is not None else []), *data.hints.tickets]


def _cases_by_number(batch: Batch, events: Any) -> dict[str, UUID]:
    """Cases by number, of all towns: `municipality/number` to id."""
    asked: dict[str, set[str]] = {}
    for event in events:
        if not isinstance(event.data, DeliveryReported) and event.data.hints.numbers:
            asked.setdefault(event.municipality, set()).update(event.data.hints.numbers)
    found = {}
    for municipality, numbers in asked.items():
        for number, ticket_id in batch.unit.case_ids(municipality, numbers).items():
            found[f"{municipality}/{number}"] = ticket_id
    return found


def _record(event: Event[Any], matched: Match, case: Case) -> ReportRecord:
    data = event.data
    return ReportRecord(
        id=data.report_id,
        municipality=event.municipality,
        outcome=_OUTCOMES[matched.fate],
        why=matched.why,
        received_at=data.received_at,
        original=data.original,
        channel=data.channel,
        ticket_id=case.id,
        certainty=matched.certainty,
        parts=tuple(data.parts),
        file_names=data.personal.file_names,
    )
