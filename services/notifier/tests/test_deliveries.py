"""The states of a delivery, and what a mail server's answers make of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.identity import delivery_id
from contracts.participants import Role, Way
from contracts.sample_tickets import WATER_COMPANY, assigned_snapshot
from contracts.tickets import Exchange, ExchangeState, TicketAssigned, TicketExchangeUpdated, TicketNumbered
from notifier.deliveries import (
    GIVE_UP_AFTER,
    MOST_DOUBTS,
    PAUSES,
    Accepted,
    Delivery,
    Lost,
    Refused,
    State,
    abandoned,
    answered,
    asked_again,
    cancelled,
    doubted,
    failed,
    handed_over,
    put_back,
    tried,
)

from .builders import BODY, NOW, REPORTER, REPORTER_ADDRESS, deliveries, delivery, event

LATER = NOW + timedelta(minutes=1)


def under_way(**changes: Any) -> Delivery:
    return handed_over(tried(delivery(owner="1/us", **changes), NOW))


def test_a_delivery_is_one_event_one_recipient_one_way() -> None:
    made = delivery()
    assert made.id == delivery_id(made.event_id, REPORTER.id, "email")
    assert (made.state, made.due_at, made.attempts, made.owner) == (State.DUE, NOW, 0, None)
    assert delivery().id == made.id
    assert delivery(sequence=4).id != made.id


def test_the_record_is_written_before_the_mail_and_says_that_it_is_under_way() -> None:
    sent = under_way()
    assert (sent.state, sent.attempts, sent.counted_at) == (State.SENDING, 1, NOW)
    assert tried(sent, LATER).counted_at == NOW


def test_what_the_relay_takes_is_sent_and_its_personal_part_is_gone() -> None:
    sent = answered(under_way(), Accepted(), LATER)
    assert (sent.state, sent.finished_at, sent.untold, sent.owner) == (State.SENT, LATER, True, None)
    assert sent.personal is None


def test_what_may_have_gone_out_before_ends_as_in_doubt() -> None:
    assert answered(doubted(under_way()), Accepted(), LATER).state == State.IN_DOUBT


def test_a_refusal_for_good_fails_with_its_code_and_can_still_be_asked_for() -> None:
    refused = answered(under_way(), Refused(550, "5.1.1"), LATER)
    assert (refused.state, refused.failure, refused.status) == (State.FAILED, "refused", "5.1.1")
    assert refused.untold
    again = asked_again(refused, LATER)
    assert again is not None
    assert (again.state, again.failure, again.status, again.retries, again.untold) == (State.DUE, None, None, 1, False)


@pytest.mark.parametrize("answer", [Refused(451, "4.3.0"), Refused(421), Lost(may_have_gone_out=False)])
def test_a_refusal_for_now_waits_and_is_no_doubt(answer: Refused | Lost) -> None:
    waiting = answered(under_way(), answer, LATER)
    assert (waiting.state, waiting.doubts, waiting.owner) == (State.DUE, 0, None)
    assert LATER + PAUSES[0] <= waiting.due_at <= LATER + PAUSES[0] * 1.2


def test_a_connection_lost_after_the_mail_was_handed_over_is_a_doubt() -> None:
    waiting = answered(under_way(), Lost(may_have_gone_out=True), LATER)
    assert (waiting.state, waiting.doubts) == (State.DUE, 1)


def test_pauses_grow_with_the_attempts_and_then_stay() -> None:
    pauses = []
    waiting = delivery()
    for _ in range(len(PAUSES) + 2):
        waiting = answered(tried(waiting, NOW), Refused(451), NOW)
        pauses.append(waiting.due_at - NOW)
    assert pauses == sorted(pauses)
    assert pauses[-1] == pauses[-2]
    assert pauses[-1] >= PAUSES[-1]


def test_those_refused_together_do_not_come_back_together() -> None:
    waiting = {answered(tried(delivery(sequence=n), NOW), Refused(451), NOW).due_at for n in range(1, 50)}
    assert len(waiting) > 25


def test_after_days_of_refusals_it_is_given_up_and_not_before() -> None:
    almost = answered(under_way(), Refused(451, "4.2.2"), NOW + GIVE_UP_AFTER)
    assert almost.state == State.DUE
    given_up = answered(under_way(), Refused(451, "4.2.2"), NOW + GIVE_UP_AFTER + timedelta(seconds=1))
    assert (given_up.state, given_up.failure, given_up.status) == (State.FAILED, "expired", "4.2.2")


def test_a_relay_that_never_says_that_it_took_the_mail_does_not_get_it_for_days() -> None:
    waiting = delivery()
    for count in range(1, MOST_DOUBTS + 1):
        waiting = answered(handed_over(tried(waiting, NOW)), Lost(may_have_gone_out=True), NOW)
        assert waiting.state == (State.IN_DOUBT if count == MOST_DOUBTS else State.DUE)


def test_what_a_dead_sender_had_in_hand_is_in_doubt_only_if_it_was_handed_over() -> None:
    assert abandoned(under_way()).doubts == 1
    waiting = abandoned(delivery(owner="1/dead"))
    assert (waiting.doubts, waiting.state, waiting.owner) == (0, State.DUE, None)


def test_what_is_put_back_was_no_attempt() -> None:
    back = put_back(delivery(owner="1/us"), LATER)
    assert (back.state, back.attempts, back.due_at, back.counted_at, back.owner) == (State.DUE, 0, LATER, None, None)


def test_only_what_failed_and_is_still_known_can_be_asked_for_again() -> None:
    assert asked_again(delivery(), NOW) is None
    forgotten = failed(delivery(), "refused", NOW).model_copy(update={"personal": None})
    assert asked_again(forgotten, NOW) is None
    (nameless,) = deliveries(event(TicketNumbered, REPORTER, address="není adresa"))
    assert asked_again(nameless, NOW) is None


def test_a_cancelled_one_is_told_to_nobody() -> None:
    gone = cancelled(delivery(), NOW)
    assert (gone.state, gone.untold, gone.personal) == (State.CANCELLED, False, None)


@pytest.mark.parametrize("address", ["není adresa", "a@b@c.test", "a\r\nRCPT TO:<b@c.test>@d.test", "a@localhost", ""])
def test_without_a_usable_address_it_fails_at_once_and_is_told(address: str) -> None:
    (made,) = deliveries(event(TicketNumbered, REPORTER, address=address))
    assert (made.state, made.failure, made.untold) == (State.FAILED, "no-address", True)


def test_a_way_that_nobody_serves_yet_fails_at_once_and_is_told() -> None:
    by_letter = REPORTER.model_copy(update={"way": Way.LETTER})
    (made,) = deliveries(event(TicketNumbered, by_letter))
    assert (made.state, made.failure) == (State.FAILED, "way-not-served")


def test_old_news_is_not_sent() -> None:
    (made,) = deliveries(event(TicketNumbered, REPORTER), now=NOW + timedelta(days=15))
    assert (made.state, made.failure) == (State.FAILED, "expired")
    (late,) = deliveries(event(TicketNumbered, REPORTER), now=NOW + timedelta(days=13))
    assert late.state == State.DUE


def test_what_is_held_is_due_when_its_time_comes() -> None:
    (held,) = deliveries(event(TicketNumbered, REPORTER, not_before=LATER))
    assert (held.due_at, held.first_due) == (LATER, LATER)
    (past,) = deliveries(event(TicketNumbered, REPORTER, not_before=NOW - timedelta(hours=1)))
    assert past.due_at == NOW


def test_a_body_is_named_by_its_code() -> None:
    (asked,) = deliveries(event(TicketAssigned, BODY, after=assigned_snapshot(resolver=WATER_COMPANY)))
    assert (asked.role, asked.body) == (Role.BODY, "water-company")
    withdrawn = Exchange(body="road-company", state=ExchangeState.WITHDRAWN)
    (told,) = deliveries(event(TicketExchangeUpdated, BODY, exchange=withdrawn))
    assert told.body == "road-company"


def test_outside_the_personal_part_nothing_names_the_recipient() -> None:
    made = delivery()
    assert REPORTER_ADDRESS not in made.model_dump_json(exclude={"personal"})
    assert "example.test" not in made.model_dump_json(exclude={"personal"})
    assert isinstance(made.id, UUID)
