"""Batches of messages: each report has one outcome, repeats change nothing, one bad message harms no other."""

from uuid import uuid4

import orjson
import pytest

from contracts import identity
from contracts.participants import Role
from contracts.reply_token import TokenRole
from contracts.reports import Automatic, Hints
from contracts.sample_reports import delivery_reported, exchange_received
from contracts.samples import notification_failed, notification_sent
from contracts.tickets import ExchangeState, TicketState
from kit.messages import Message
from kit.outcomes import DONE, DeadLetter, DependencyAway
from tickets.cases.keeping import ReportOutcome
from tickets.cases.town import Town
from tickets.handlers import NotificationsHandler, ReportsHandler, RoutingHandler

from .builders import BODY, STRANGER, Clock, documents, message, messages, reply, report, retitled, routing, ticket_of
from .memory_store import MemoryStore


class Desk:
    """The three handlers over one store in memory."""

    def __init__(self, town: Town, clock: Clock) -> None:
        self.store, self.woken = MemoryStore(clock), 0
        towns = {town.municipality: town}
        self.reports = ReportsHandler(self.store, towns.__getitem__, clock, self._wake)
        self.routings = RoutingHandler(self.store, towns.__getitem__, clock, self._wake)
        self.notifications = NotificationsHandler(self.store, towns.__getitem__, clock, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def types(self) -> list[str]:
        return [event.type for event in self.store.kept.events]


@pytest.fixture
def desk(town: Town, clock: Clock) -> Desk:
    return Desk(town, clock)


def test_a_report_opens_a_case_with_its_event_and_its_outcome(desk: Desk) -> None:
    event = report()
    assert desk.reports(messages(event)) == [DONE]
    case = desk.store.kept.cases[ticket_of(event)]
    assert (case.state, case.number, case.version) == (TicketState.OPENED, None, 1)
    assert desk.types() == ["ticket.opened"]
    record = desk.store.kept.reports[event.data.report_id]
    assert (record.outcome, record.ticket_id) == (ReportOutcome.OPENED, case.id)
    assert desk.woken == 1


def test_a_batch_is_one_transaction(desk: Desk) -> None:
    assert desk.reports(messages(*(report(f"Věc {n}") for n in range(20)))) == [DONE] * 20
    assert desk.store.transactions == 1
    assert len(desk.store.kept.cases) == 20


def test_a_repeated_report_changes_nothing(desk: Desk) -> None:
    event = report()
    assert desk.reports(messages(event, event)) == [DONE, DONE]
    assert desk.reports(messages(event)) == [DONE]
    assert desk.types() == ["ticket.opened"]


def test_an_unreadable_message_is_dead_and_the_others_are_done(desk: Desk) -> None:
    good, other = report("Jedna"), report("Druhá")
    bad = Message("reports", 0, 1, b"k", b'{"type": "report.received", "canary": "obcan"}')
    outcomes = desk.reports([message(good), bad, message(other)])
    assert [outcomes[0], outcomes[2]] == [DONE, DONE]
    assert isinstance(outcomes[1], DeadLetter)
    assert "obcan" not in outcomes[1].reason
    assert desk.store.transactions == 1


def test_an_event_of_another_topic_is_dead(desk: Desk) -> None:
    outcome = desk.reports([message(routing(uuid4()))])[0]
    assert isinstance(outcome, DeadLetter)


def test_a_case_that_the_database_refuses_does_not_drag_the_others_with_it(desk: Desk) -> None:
    events = [report(f"Věc {n}") for n in range(5)]
    desk.store.refuses = lambda case: case.id == ticket_of(events[2])
    outcomes = desk.reports(messages(*events))
    assert [outcome == DONE for outcome in outcomes] == [True, True, False, True, True]
    assert outcomes[2] == DeadLetter("DataRefused", "report.received: cannot be applied or stored")
    assert len(desk.store.kept.cases) == 4


def test_a_database_that_is_away_makes_everything_wait_but_what_is_unreadable(desk: Desk) -> None:
    desk.store.away = True
    outcomes = desk.reports([message(report()), Message("reports", 0, 1, b"k", b"{")])
    assert isinstance(outcomes[0], DependencyAway)
    assert isinstance(outcomes[1], DeadLetter)
    assert desk.woken == 0


def test_a_batch_with_a_follow_up_to_a_case_that_it_opens_itself(desk: Desk) -> None:
    first = report()
    second = reply(ticket_of(first))
    assert desk.reports(messages(first, second)) == [DONE, DONE]
    case = desk.store.kept.cases[ticket_of(first)]
    assert (case.version, case.messages, case.reports) == (2, 2, 2)
    assert desk.types() == ["ticket.opened", "ticket.message_added"]
    assert desk.store.kept.reports[second.data.report_id].outcome == ReportOutcome.ADDED


def test_two_follow_ups_in_one_batch_are_two_messages_in_order(desk: Desk) -> None:
    first = report()
    desk.reports(messages(first))
    ticket = ticket_of(first)
    desk.reports(messages(reply(ticket, text="Za prvé."), reply(ticket, text="Za druhé.")))
    assert [event.sequence for event in desk.store.kept.events] == [1, 2, 3]
    assert desk.store.kept.cases[ticket].messages == 3


def test_what_may_belong_to_a_case_opens_its_own_and_names_it(desk: Desk) -> None:
    first = report()
    desk.reports(messages(first))
    desk.routings(messages(routing(ticket_of(first))))
    by_token, by_number = (
        reply(ticket_of(first), address=STRANGER),
        report("Re", hints=Hints(numbers=["2026-000001"])),
    )
    desk.reports(messages(by_token, by_number))
    for event in (by_token, by_number):
        assert desk.store.kept.cases[ticket_of(event)].maybe_belongs_to == [ticket_of(first)]
        assert desk.store.kept.reports[event.data.report_id].outcome == ReportOutcome.OPENED


def test_a_number_of_another_town_is_no_hint(desk: Desk, town: Town) -> None:
    first = report()
    desk.reports(messages(first))
    desk.routings(messages(routing(ticket_of(first))))
    foreign = retitled(report("Re", hints=Hints(numbers=["2026-000001"])), municipality="lipovany-2")
    desk.reports._towns = lambda _: town
    desk.reports(messages(foreign))
    assert desk.store.kept.cases[ticket_of(foreign)].maybe_belongs_to == []


def test_numbers_have_no_gap_over_batches(desk: Desk) -> None:
    events = [report(f"Věc {n}") for n in range(7)]
    desk.reports(messages(*events))
    desk.routings(messages(*(routing(ticket_of(event)) for event in events[:3])))
    desk.routings(messages(routing(ticket_of(events[3]), set_aside=True)))
    desk.routings(messages(*(routing(ticket_of(event)) for event in events[4:])))
    numbers = [case.number for case in desk.store.kept.cases.values() if case.number]
    assert sorted(numbers) == [f"2026-{n:06d}" for n in range(1, 7)]


def test_the_year_of_a_number_is_pragues(desk: Desk, clock: Clock) -> None:
    clock.time = clock.time.replace(year=2026, month=12, day=31, hour=23, minute=30)
    event = report()
    desk.reports(messages(event))
    desk.routings(messages(routing(ticket_of(event))))
    assert desk.store.kept.cases[ticket_of(event)].number == "2027-000001"


def test_a_repeated_decision_is_applied_and_recorded_once(desk: Desk) -> None:
    event = report()
    desk.reports(messages(event))
    decision = routing(ticket_of(event))
    assert desk.routings(messages(decision, decision)) == [DONE, DONE]
    assert desk.routings(messages(decision)) == [DONE]
    assert desk.types() == ["ticket.opened", "ticket.classified", "ticket.numbered", "ticket.assigned"]


def test_a_decision_on_a_case_that_is_not_here_is_dead_alone(desk: Desk) -> None:
    event = report()
    desk.reports(messages(event))
    outcomes = desk.routings(messages(routing(uuid4()), routing(ticket_of(event))))
    assert isinstance(outcomes[0], DeadLetter)
    assert outcomes[1] == DONE


def test_a_decision_of_another_town_is_refused(desk: Desk) -> None:
    event = report()
    desk.reports(messages(event))
    outcome = desk.routings(messages(retitled(routing(ticket_of(event)), municipality="dubna")))[0]
    assert isinstance(outcome, DeadLetter)


def test_spam_turns_the_reports_outcome_into_set_aside(desk: Desk) -> None:
    event = report(automatic=Automatic.BULK)
    desk.reports(messages(event))
    desk.routings(messages(routing(ticket_of(event), set_aside=True)))
    assert desk.store.kept.reports[event.data.report_id].outcome == ReportOutcome.SET_ASIDE
    assert desk.store.kept.cases[ticket_of(event)].number is None


def test_a_machine_is_marked_as_one_in_every_later_event(desk: Desk) -> None:
    event = report(automatic=Automatic.GENERATED)
    desk.reports(messages(event))
    assert desk.store.kept.cases[ticket_of(event)].parties[0].participant.automatic is True


def with_body(desk: Desk) -> tuple[object, str]:
    event = report()
    desk.reports(messages(event))
    desk.routings(messages(routing(ticket_of(event), body=BODY, category="water-supply")))
    return ticket_of(event), "dispecink@lipske-vodarny.test"


def test_a_bodys_answer_is_an_exchange_answer(desk: Desk) -> None:
    ticket, address = with_body(desk)
    answer = reply(ticket, role=TokenRole.BODY, address=address)  # type: ignore[arg-type]
    as_exchange = exchange_received(**{
        name: getattr(answer.data, name) for name in ("report_id", "sender", "follow_up", "personal")
    })  # fmt: skip
    assert desk.reports(messages(as_exchange)) == [DONE]
    assert desk.store.kept.reports[answer.data.report_id].outcome == ReportOutcome.EXCHANGE_ANSWER
    assert desk.store.kept.cases[ticket].exchanges[0].state == ExchangeState.ANSWERED  # type: ignore[index]


def test_an_exchange_by_somebody_else_opens_its_own_case(desk: Desk) -> None:
    with_body(desk)
    event = exchange_received()
    desk.reports(messages(event))
    assert desk.store.kept.reports[event.data.report_id].outcome == ReportOutcome.OPENED


def test_a_returned_mail_is_shown_on_its_case(desk: Desk) -> None:
    event = report()
    desk.reports(messages(event))
    returned = delivery_reported(ticket_id=ticket_of(event))
    desk.reports(messages(returned, returned))
    assert desk.types()[-1] == "ticket.delivery_updated"
    assert desk.types().count("ticket.delivery_updated") == 1
    record = desk.store.kept.reports[returned.data.report_id]
    assert (record.outcome, record.ticket_id) == (ReportOutcome.DELIVERY_FAILURE, ticket_of(event))


def test_a_delivery_report_is_believed_only_of_a_delivery_that_the_case_led_to(desk: Desk) -> None:
    event = report()
    desk.reports(messages(event))
    ticket, recipient = ticket_of(event), event.data.sender.id
    assert ticket is not None
    ours = identity.delivery_id(identity.event_id(ticket, "1"), recipient, "email")
    for number, (delivery, outcome) in enumerate([(ours, "failed"), (uuid4(), "unproven"), (None, "unproven")]):
        returned = delivery_reported(
            ticket_id=ticket,
            recipient=recipient,
            delivery_id=delivery,
            report_id=identity.event_id(ticket, f"r{number}"),
        )
        desk.reports(messages(returned))
        assert orjson.loads(desk.store.kept.events[-1].body)["data"]["outcome"] == outcome


@pytest.mark.parametrize("named", [None, uuid4()])
def test_a_returned_mail_of_no_case_is_kept_as_a_delivery_failure(desk: Desk, named: object) -> None:
    returned = delivery_reported(ticket_id=named)
    assert desk.reports(messages(returned)) == [DONE]
    record = desk.store.kept.reports[returned.data.report_id]
    assert (record.outcome, record.ticket_id) == (ReportOutcome.DELIVERY_FAILURE, None)
    assert desk.types() == []


def notified(kind: object, ticket: object, **about: object) -> object:
    event = kind(ticket_id=ticket, **about)  # type: ignore[operator]
    return event.model_copy(update={"subject": ticket, "id": uuid4()})


def test_a_mail_that_just_went_out_writes_nothing(desk: Desk) -> None:
    event = report()
    desk.reports(messages(event))
    before = desk.store.transactions
    outcome = desk.notifications(messages(notified(notification_sent, ticket_of(event))))  # type: ignore[arg-type]
    assert outcome == [DONE]
    assert desk.types() == ["ticket.opened"]
    assert desk.store.transactions <= before + 1


def test_a_mail_that_failed_or_is_in_doubt_is_shown_once(desk: Desk) -> None:
    event = report()
    desk.reports(messages(event))
    for kind, about in ((notification_failed, {}), (notification_sent, {"in_doubt": True})):
        told = notified(kind, ticket_of(event), **about)
        desk.notifications(messages(told, told))  # type: ignore[arg-type]
        desk.notifications(messages(told))  # type: ignore[arg-type]
    assert desk.types().count("ticket.delivery_updated") == 2


def test_a_mail_that_went_out_after_all_is_shown_as_such(desk: Desk) -> None:
    ticket, _ = with_body(desk)
    about = {"role": Role.BODY, "body": BODY, "template": "body_request", "delivery_id": uuid4()}
    desk.notifications(messages(notified(notification_failed, ticket, **about)))  # type: ignore[arg-type]
    assert desk.store.kept.cases[ticket].failed_deliveries == [about["delivery_id"]]  # type: ignore[index]
    desk.notifications(messages(notified(notification_sent, ticket, after_failure=True, **about)))  # type: ignore[arg-type]
    assert desk.store.kept.cases[ticket].failed_deliveries == []  # type: ignore[index]
    newest = [event for event in documents(desk.store.kept.events) if event["type"] == "ticket.delivery_updated"]
    assert [event["data"]["outcome"] for event in newest] == ["failed", "sent"]
    assert desk.store.kept.cases[ticket].exchanges[0].state == ExchangeState.SENT  # type: ignore[index]


def test_a_request_that_went_out_or_failed_moves_the_exchange(desk: Desk) -> None:
    ticket, _ = with_body(desk)
    to_body = {"role": Role.BODY, "body": BODY, "template": "body_request"}
    desk.notifications(messages(notified(notification_sent, ticket, **to_body)))  # type: ignore[arg-type]
    assert desk.store.kept.cases[ticket].exchanges[0].state == ExchangeState.SENT  # type: ignore[index]
    desk.notifications(messages(notified(notification_failed, ticket, **to_body)))  # type: ignore[arg-type]
    assert desk.store.kept.cases[ticket].exchanges[0].state == ExchangeState.FAILED  # type: ignore[index]


def test_a_mail_in_doubt_to_a_body_is_shown_and_sent(desk: Desk) -> None:
    ticket, _ = with_body(desk)
    about = {"role": Role.BODY, "body": BODY, "template": "body_request", "in_doubt": True}
    desk.notifications(messages(notified(notification_sent, ticket, **about)))  # type: ignore[arg-type]
    assert desk.types()[-2:] == ["ticket.delivery_updated", "ticket.exchange_updated"]


def test_a_notification_of_a_case_that_is_not_here_is_dead(desk: Desk) -> None:
    outcome = desk.notifications(messages(notified(notification_failed, uuid4())))[0]  # type: ignore[arg-type]
    assert isinstance(outcome, DeadLetter)
