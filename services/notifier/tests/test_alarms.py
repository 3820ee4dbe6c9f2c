"""An alarm reaches the operators, once, in words that help and hold nothing of anybody's matter."""

from collections.abc import Sequence
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.envelope import Event
from contracts.registry import ALARMS
from contracts.sample_reports import PSEUDONYM_KEY, RECEIVED_AT
from contracts.samples import SAMPLES
from kit.messages import Message
from kit.object_store import MemoryObjectStore
from kit.outcomes import DONE, DeadLetter, DependencyAway, Outcome
from notifier.alarms import AlarmHandler
from notifier.deliveries import OLDEST_EVENT, Accepted, State, answered
from notifier.settings import Settings
from notifier.store import from_document, to_document
from notifier.writing.composing import Composer, Parcel, SigningKey, Unsendable

from .builders import lipovany
from .memory_store import MemoryDeliveryStore

OPERATOR = "provoz@lipovany.test"


def alarm(kind: str = "alarm.raised", case: str = "missing") -> Event[Any]:
    return SAMPLES[kind][case]()


def handled(
    store: MemoryDeliveryStore, *events: Event[Any] | bytes, operators: Sequence[str] = (OPERATOR,), later: int = 0
) -> list[Outcome]:
    woken = SimpleNamespace(times=0)

    def wake() -> None:
        woken.times += 1

    handler = AlarmHandler(
        store,
        operators,
        pseudonym_key=PSEUDONYM_KEY,
        clock=lambda: RECEIVED_AT + timedelta(days=later),
        wake=wake,
    )
    values = [event if isinstance(event, bytes) else event.to_bytes() for event in events]
    return handler([Message(ALARMS.name, 0, offset, b"k", value) for offset, value in enumerate(values)])


def mail(kind: str, case: str = "missing", address: str = OPERATOR) -> Any:
    store = MemoryDeliveryStore()
    handled(store, alarm(kind, case), operators=[address])
    [delivery] = store.kept.values()
    composer = Composer(lambda _: lipovany(), MemoryObjectStore(), SigningKey("a1", b"k" * 32))
    return composer.compose(delivery)


def text_of(parcel: Any) -> tuple[str, str]:
    assert isinstance(parcel, Parcel)
    message = message_from_bytes(parcel.content, policy=default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(message["Subject"]), body.get_content()


def test_each_operator_gets_one_delivery_however_often_the_alarm_is_read() -> None:
    store = MemoryDeliveryStore()
    operators = [OPERATOR, "sprava@lipovany.test"]
    for _ in range(2):
        assert handled(store, alarm(), alarm(), operators=operators) == [DONE, DONE]
    assert {d.personal.address for d in store.kept.values() if d.personal} == set(operators)
    assert len(store.kept) == 2


def test_where_no_operator_is_named_nobody_is_written_to() -> None:
    store = MemoryDeliveryStore()
    assert handled(store, alarm(), operators=[]) == [DONE]
    assert store.kept == {}


def test_old_alarms_are_not_told_again() -> None:
    store = MemoryDeliveryStore()
    assert handled(store, alarm(), later=OLDEST_EVENT.days + 1) == [DONE]
    assert store.kept == {}


def test_what_is_no_alarm_is_dead_and_a_database_that_is_away_is_waited_for() -> None:
    store = MemoryDeliveryStore()
    store.away = True
    dead, waits = handled(store, b"{", alarm())
    assert isinstance(dead, DeadLetter)
    assert waits == DependencyAway("database")


def test_an_alarm_says_in_czech_then_in_english_what_is_wrong_and_which_commands_help() -> None:
    subject, text = text_of(mail("alarm.raised"))
    assert subject == "[Město Lipovany] Závada: došlé zprávy bez výsledku / Alarm: messages without an outcome"
    assert "2026-11-24  email: 3" in text
    assert "  python -m tickets ledger --missing | python -m intake_email repair -" in text.splitlines()
    assert text.index("ani po minutě") < text.index("a minute later")


def test_the_reminder_and_the_end_say_what_they_are() -> None:
    assert text_of(mail("alarm.repeated"))[0].startswith("[Město Lipovany] Závada trvá: ")
    subject, text = text_of(mail("alarm.ended"))
    assert subject.startswith("[Město Lipovany] V pořádku: ")
    assert "repair" not in text


def test_dead_letters_are_told_by_their_box() -> None:
    subject, text = text_of(mail("alarm.raised", "dead-letters"))
    assert "odložené zprávy" in subject
    assert "ticket-events.notifier.dead: 2" in text
    assert "python -m kit dead-letters list" in text


def test_an_alarm_is_marked_as_automatic_and_an_answer_to_it_opens_no_case() -> None:
    message = message_from_bytes(mail("alarm.raised").content, policy=default)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Reply-To"] == OPERATOR


def test_an_alarm_is_never_sent_to_the_address_where_reports_come_in() -> None:
    assert mail("alarm.raised", address="podatelna@lipovany.test") == Unsendable("own-address")


def test_what_became_of_an_alarms_mail_is_no_news_of_a_case() -> None:
    store = MemoryDeliveryStore()
    handled(store, alarm())
    [delivery] = store.kept.values()
    sent = answered(delivery, Accepted(), RECEIVED_AT)
    assert (sent.state, sent.untold) == (State.SENT, False)


def test_an_alarms_delivery_is_the_same_after_the_database() -> None:
    store = MemoryDeliveryStore()
    handled(store, alarm())
    [delivery] = store.kept.values()
    assert from_document(to_document(delivery)) == delivery


@pytest.mark.parametrize("value", ["provoz", "provoz@lipovany.test;x@y.test", "a@b.test, nobody"])
def test_an_operator_who_cannot_be_written_to_is_refused_at_the_start(value: str) -> None:
    with pytest.raises(ValidationError):
        Settings(operator_email=value)
    assert Settings(operator_email=f"{OPERATOR}, sprava@lipovany.test").operators == [OPERATOR, "sprava@lipovany.test"]
