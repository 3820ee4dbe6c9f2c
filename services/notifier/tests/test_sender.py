"""The sender against a real SMTP server that accepts, refuses, hangs and drops the line; and its death at bad moments."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from contracts.tickets import TicketAssigned
from kit.messages import Record
from kit.object_store import MemoryObjectStore
from notifier.caps import Caps
from notifier.deliveries import PAUSES, Delivery, State
from notifier.sending import sender as sender_module
from notifier.sending import telling
from notifier.sending.relay import Relay, RelayAddress
from notifier.sending.sender import PATIENCE_WITH_SCANNER, WAIT_FOR_PHOTOS, Sender
from notifier.sending.telling import Teller
from notifier.sending.turns import Room
from notifier.sending.wire import Wire
from notifier.writing.composing import Composer, Parcel, ScannerAway, SigningKey
from notifier.writing.rendering import case_of

from .builders import NOW, TEAM, deliveries, delivery, event, lipovany
from .memory_store import MemoryDeliveryStore
from .relay_server import RelayServer

KEY = SigningKey("a1", b"for tests only, never for a town")
DEADLINE = 15.0


@dataclass
class Clock:
    """A time that goes on only when told."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@dataclass
class Broker:
    """Confirms what it is given, unless it is away."""

    records: list[Record] = field(default_factory=list)
    away: bool = False

    def publish_all(self, records: Sequence[Record]) -> list[bool]:
        if self.away:
            return [False] * len(records)
        self.records += records
        return [True] * len(records)

    @property
    def events(self) -> list[dict[str, object]]:
        return [orjson.loads(record.value or b"") for record in self.records]


@dataclass
class Office:
    """Senders over one store and one relay."""

    relay: RelayServer
    store: MemoryDeliveryStore = field(default_factory=MemoryDeliveryStore)
    clock: Clock = field(default_factory=Clock)
    broker: Broker = field(default_factory=Broker)
    running: list[tuple[asyncio.Task[None], threading.Event]] = field(default_factory=list)
    answer_within: float = 5.0
    take_within: float = 5.0

    def sender(
        self, *, instance: str = "1", caps: Caps | None = None, room: Room | None = None, wire: Wire | None = None
    ) -> Sender:
        address = RelayAddress("127.0.0.1", self.relay.port, connect_within=2)
        address = replace(address, answer_within=self.answer_within, take_within=self.take_within)
        sender = Sender(
            store=self.store,
            composer=Composer(lambda municipality: lipovany(), MemoryObjectStore(), KEY),
            relay=Relay(address),
            teller=Teller(self.store, self.broker),
            instance=instance,
            clock=self.clock,
            caps=caps or Caps(),
            room=room or Room(),
            wire=wire or Wire(),
        )
        stop = threading.Event()
        self.running.append((asyncio.create_task(sender.run(stop)), stop))
        return sender

    async def close(self) -> None:
        self.relay.released.set()
        for task, stop in self.running:
            stop.set()
            if task.done():
                task.result()
            await asyncio.wait([task], timeout=12)
            assert task.done()
        await self.relay.stop()

    def put(self, *addresses: str) -> list[Delivery]:
        made = [delivery(address, sequence=number) for number, address in enumerate(addresses, start=1)]
        # One case each: what one person hears of one case goes one after another.
        made = [one.model_copy(update={"ticket_id": uuid4()}) for one in made]
        self.store.add(made)
        return made

    def now(self, one: Delivery) -> Delivery:
        return self.store.kept[one.id]

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not what():  # noqa: ASYNC110 - what is waited for is the state of records
                await asyncio.sleep(0.01)

    async def until_state(self, one: Delivery, *states: State) -> Delivery:
        await self.until(lambda: self.now(one).state in states and self.now(one).owner is None)
        return self.now(one)


@pytest.fixture
async def office(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    monkeypatch.setattr(sender_module, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(sender_module, "BEAT_SECONDS", 0.2)
    monkeypatch.setattr(telling, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(telling, "SHORTEST_PAUSE", 0.05)
    relay = RelayServer()
    await relay.start()
    office = Office(relay)
    yield office
    await office.close()


async def test_what_is_due_goes_out_once_and_is_told(office: Office) -> None:
    made = office.put(*(f"obcan-{n}@example.test" for n in range(40)))
    office.sender()
    await office.until(lambda: len(office.broker.records) == len(made))
    assert {office.now(one).state for one in made} == {State.SENT}
    assert sorted(mail.recipient for mail in office.relay.taken) == sorted(f"obcan-{n}@example.test" for n in range(40))
    assert {one["type"] for one in office.broker.events} == {"notification.sent"}
    assert {one["data"]["in_doubt"] for one in office.broker.events} == {False}  # type: ignore[index]
    assert {record.key for record in office.broker.records} == {str(one.ticket_id).encode() for one in made}


async def test_a_few_connections_carry_many_mails(office: Office) -> None:
    made = office.put(*(f"obcan-{n}@example-{n % 7}.test" for n in range(60)))
    office.sender(wire=Wire(total=4, lane=4))
    await office.until(lambda: len(office.broker.records) == len(made))
    assert office.relay.connections <= 5


async def test_the_recipient_and_nobody_else_stands_in_the_envelope(office: Office) -> None:
    (made,) = office.put("obcan@example.test")
    office.sender()
    await office.until_state(made, State.SENT)
    (mail,) = office.relay.taken
    assert mail.sender.startswith("podatelna+a1.d")
    assert mail.message_id == f"<{made.id}.{made.ticket_id}@lipovany.test>"


@pytest.mark.parametrize("place", ["rcpt", "data"])
async def test_a_refusal_for_good_fails_with_its_code_and_the_line_is_good_for_others(
    office: Office, place: str
) -> None:
    getattr(office.relay, place)["nikdo"] = "550 5.1.1 No such mailbox kanarek"
    bad, good = office.put("nikdo@example.test", "obcan@example.test")
    office.sender(room=Room(total=1, lane=1))
    failed = await office.until_state(bad, State.FAILED)
    await office.until_state(good, State.SENT)
    assert (failed.failure, failed.status, failed.attempts) == ("refused", "5.1.1", 1)
    await office.until(lambda: len(office.broker.records) == 2)
    told = next(one for one in office.broker.events if one["type"] == "notification.failed")
    assert told["data"]["reason"] == "refused"  # type: ignore[index]
    assert told["data"]["status"] == "5.1.1"  # type: ignore[index]
    assert "kanarek" not in str(office.broker.events)
    assert office.relay.connections == 1


@pytest.mark.parametrize("answer", ["451 4.7.1 Greylisted", "421 4.3.0 Too many errors", "450 no code"])
@pytest.mark.parametrize("place", ["rcpt", "data"])
async def test_a_refusal_for_now_is_tried_again_later_and_holds_up_nobody(
    office: Office, place: str, answer: str
) -> None:
    getattr(office.relay, place)["seda"] = answer
    waiting, other = office.put("seda@example.test", "obcan@example.test")
    office.sender()
    await office.until_state(other, State.SENT)
    await office.until(lambda: office.now(waiting).attempts == 1 and office.now(waiting).owner is None)
    assert (office.now(waiting).state, office.now(waiting).doubts) == (State.DUE, 0)
    getattr(office.relay, place).clear()
    office.clock.forward(PAUSES[0] * 2)
    assert (await office.until_state(waiting, State.SENT)).attempts == 2
    assert len(office.relay.of("seda")) == 1


async def test_one_slow_recipient_holds_up_nobody_not_even_in_his_own_domain(office: Office) -> None:
    office.relay.hold_rcpt = {"pomaly"}
    made = office.put("pomaly@example.test", *(f"obcan-{n}@example.test" for n in range(30)))
    office.sender(room=Room(total=4, lane=2), wire=Wire(total=3, lane=2))
    await office.until(lambda: len(office.relay.taken) == 30)
    assert office.now(made[0]).state == State.SENDING
    office.relay.released.set()
    await office.until_state(made[0], State.SENT)


@pytest.mark.parametrize("bound", ["in hand", "at the relay"])
async def test_a_whole_slow_domain_leaves_room_for_the_others(office: Office, bound: str) -> None:
    slow = [f"pomaly-{n}@pomala.test" for n in range(50)]
    office.relay.hold_rcpt = {address.partition("@")[0] for address in slow}
    made = office.put(*slow, *(f"obcan-{n}@example.test" for n in range(20)))
    if bound == "in hand":
        office.sender(room=Room(total=4, lane=2))
    else:
        office.sender(wire=Wire(total=4, lane=2))
    await office.until(lambda: len(office.relay.taken) == 20)
    assert {office.now(one).state for one in made[50:]} <= {State.SENT, State.SENDING}
    assert office.relay.asked.total() == 22


async def test_a_hanging_recipient_is_given_up_for_now_without_doubt(office: Office) -> None:
    office.answer_within = 0.3
    office.relay.hold_rcpt = {"pomaly"}
    (made,) = office.put("pomaly@example.test")
    office.sender()
    await office.until(lambda: office.now(made).attempts == 1 and office.now(made).owner is None)
    assert (office.now(made).state, office.now(made).doubts) == (State.DUE, 0)


async def test_a_line_dropped_before_the_mail_is_no_doubt(office: Office) -> None:
    office.relay.drop_rcpt = {"obcan"}
    (made,) = office.put("obcan@example.test")
    office.sender()
    await office.until(lambda: office.now(made).attempts == 1 and office.now(made).owner is None)
    office.relay.drop_rcpt = set()
    office.clock.forward(PAUSES[0] * 2)
    assert (await office.until_state(made, State.SENT)).doubts == 0


@pytest.mark.parametrize("fault", ["drop_data", "hold_data"])
async def test_a_mail_whose_250_never_came_is_sent_again_with_the_same_id_and_is_in_doubt(
    office: Office, fault: str
) -> None:
    office.take_within = 0.5
    setattr(office.relay, fault, {"obcan"})
    (made,) = office.put("obcan@example.test")
    office.sender()
    await office.until(lambda: office.now(made).doubts == 1 and office.now(made).owner is None)
    setattr(office.relay, fault, set())
    office.clock.forward(PAUSES[0] * 2)
    await office.until_state(made, State.IN_DOUBT)
    assert len(office.relay.taken) == 2
    assert len({mail.content for mail in office.relay.taken}) == 1
    await office.until(lambda: office.broker.records)
    (told,) = office.broker.events
    assert (told["type"], told["data"]["in_doubt"]) == ("notification.sent", True)  # type: ignore[index]


async def test_a_relay_that_is_away_is_waited_out_without_counting_attempts(office: Office) -> None:
    await office.relay.stop()
    made = office.put(*(f"obcan-{n}@example.test" for n in range(5)))
    sender = office.sender()
    await office.until(lambda: sender.check() == "relay-away")
    assert {office.now(one).attempts for one in made} == {0}
    assert sender.stuck() is None
    office.relay.released.clear()
    await office.relay.start()
    await office.until(lambda: len(office.relay.taken) == 5)
    await office.until(lambda: sender.check() is None)
    assert {office.now(one).doubts for one in made} == {0}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("451 4.3.2 Later", "relay-busy"),
        ("550 5.7.1 You may not send", "relay-refuses-sender"),
        ("421 Bye", "relay-busy"),
    ],
)
async def test_a_relay_that_wants_nothing_of_us_is_not_the_recipients_fault(
    office: Office, answer: str, reason: str
) -> None:
    office.relay.mail = answer
    (made,) = office.put("obcan@example.test")
    sender = office.sender()
    await office.until(lambda: sender.check() == reason)
    await office.until(lambda: office.now(made).attempts == 1 and office.now(made).owner is None)
    assert (office.now(made).state, office.now(made).failure, office.now(made).counted_at) == (State.DUE, None, None)
    office.relay.mail = None
    office.clock.forward(PAUSES[0] * 2)
    await office.until_state(made, State.SENT)


@pytest.mark.parametrize("answer", ["555 5.5.4 Parameters not recognized", "452 4.3.1 No room for this size"])
async def test_one_mail_that_is_refused_before_its_recipient_is_named_lets_the_others_pass(
    office: Office, answer: str
) -> None:
    bad, good = office.put("zly@example.test", "obcan@example.test")
    sender = office.sender(room=Room(total=1, lane=1))
    office.relay.mail_of = {parcel_sender(sender, bad): answer}
    await office.until_state(good, State.SENT)
    assert (office.now(bad).state, office.now(bad).attempts) == (State.DUE, 1)
    assert sender.check() is None


def parcel_sender(sender: Sender, one: Delivery) -> str:
    parcel = sender.composer.compose(one)
    assert isinstance(parcel, Parcel)
    return parcel.envelope_sender


async def test_a_mail_that_the_relay_finds_too_large_fails_alone(office: Office) -> None:
    office.relay.mail = "552 5.3.4 Too large"
    (made,) = office.put("obcan@example.test")
    sender = office.sender()
    failed = await office.until_state(made, State.FAILED)
    assert (failed.failure, failed.status) == ("refused", "5.3.4")
    assert sender.check() is None


async def test_an_idle_line_that_the_relay_closed_is_no_outage(office: Office) -> None:
    (first,) = office.put("obcan-1@example.test")
    sender = office.sender()
    await office.until_state(first, State.SENT)
    for line in list(office.relay._lines):
        line.close()
    second = delivery("obcan-2@example.test", sequence=9)
    office.store.add([second])
    sender.wake()
    await office.until_state(second, State.SENT)
    assert office.now(second).attempts == 1


@pytest.mark.parametrize("supported", [True, False])
async def test_a_name_that_is_not_ascii_goes_out_where_the_relay_can(office: Office, supported: bool) -> None:
    office.relay.smtputf8 = supported
    (made,) = office.put("žák@example.test")
    office.sender()
    after = await office.until_state(made, State.SENT, State.FAILED)
    assert (after.state, after.status) == ((State.SENT, None) if supported else (State.FAILED, "5.6.7"))


async def test_over_the_cap_it_fails_and_is_told(office: Office) -> None:
    made = office.put(*["obcan@example.test"] * 8)
    office.sender(caps=Caps(in_three_hours=3))
    await office.until(lambda: len(office.broker.records) == 8)
    states = [(office.now(one).state, office.now(one).failure) for one in made]
    assert sorted(states) == sorted([(State.SENT, None)] * 3 + [(State.FAILED, "capped")] * 5)
    assert len(office.relay.taken) == 3
    failed = [told["data"] for told in office.broker.events if told["type"] == "notification.failed"]
    assert [(data["reason"], data["attempts"]) for data in failed] == [("capped", 0)] * 5  # type: ignore[index]


async def test_what_was_over_the_cap_goes_out_when_an_operator_asks_for_it_at_once(office: Office) -> None:
    made = office.put(*["obcan@example.test"] * 3)
    sender = office.sender(caps=Caps(in_three_hours=1))
    await office.until(lambda: len(office.broker.records) == 3)
    first, second = [one for one in made if office.now(one).state == State.FAILED]
    assert office.store.retry(first.id, NOW)
    sender.wake()
    await office.until_state(first, State.SENT)
    await office.until(lambda: len(office.broker.records) == 4)
    told = office.broker.events[-1]
    assert (told["type"], told["data"]["after_failure"]) == ("notification.sent", True)  # type: ignore[index]
    assert (office.now(second).state, office.now(second).failure) == (State.FAILED, "capped")


class Lifeless:
    """The store as a process sees it that takes nothing over any more."""

    def __init__(self, store: MemoryDeliveryStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def take_over(self, *_: object) -> int:
        return 0


async def test_a_sender_that_died_after_handing_over_leaves_a_doubt_to_the_next(office: Office) -> None:
    office.relay.hold_data = {"obcan"}
    (made,) = office.put("obcan@example.test")
    first = office.sender(instance="1")
    await office.until(lambda: office.relay.taken)
    office.relay.hold_data = set()
    # The first one hangs for good, and is dead to all others; a new process of the same name takes its work up at once.
    first.store = Lifeless(office.store)
    office.sender(instance="1")
    await office.until_state(made, State.IN_DOUBT)
    assert len({mail.message_id for mail in office.relay.taken}) == 1
    await office.until(lambda: office.broker.records)
    office.relay.released.set()
    await office.close()
    assert office.now(made).state == State.IN_DOUBT
    assert len(office.relay.taken) == 2
    assert len(office.broker.records) == 1


async def test_a_sender_of_another_name_takes_over_only_when_the_first_is_surely_dead(office: Office) -> None:
    (made,) = office.put("obcan@example.test")
    office.store.beat("2/dead", "2", office.clock() + timedelta(seconds=30))
    assert office.store.take("2/dead", [made.id]) == {made.id}
    office.sender(instance="1")
    (other,) = office.put("jiny@example.test")
    await office.until_state(other, State.SENT)
    assert office.now(made).state == State.DUE
    office.clock.forward(timedelta(seconds=31))
    assert (await office.until_state(made, State.SENT)).doubts == 0


async def test_while_the_database_is_away_nothing_is_begun_and_nothing_forgotten(office: Office) -> None:
    office.relay.hold_rcpt = {"obcan"}
    (made,) = office.put("obcan@example.test")
    sender = office.sender()
    await office.until(lambda: office.relay.asked["obcan"] == 1)
    office.store.away = True
    office.relay.released.set()
    await office.until(lambda: len(office.relay.taken) == 1)
    await office.until(lambda: sender.check() == "database-away")
    office.store.away = False
    await office.until_state(made, State.SENT)
    assert len(office.relay.taken) == 1, "the 250 was noted when the database came back"


async def test_what_was_taken_without_our_hearing_of_it_does_not_stay_in_hand(office: Office) -> None:
    (made,) = office.put("obcan@example.test")
    taken, store = threading.Event(), office.store

    class Half(MemoryDeliveryStore):
        def take(self, owner: str, ids: object) -> set[object]:  # type: ignore[override]
            found = super().take(owner, ids)  # type: ignore[arg-type]
            if not taken.is_set():
                taken.set()
                from notifier.keeping import DatabaseAway

                raise DatabaseAway
            return found  # type: ignore[return-value]

    half = Half()
    half.kept = store.kept
    office.store = half
    office.sender()
    await office.until_state(made, State.SENT)
    assert taken.is_set()


async def test_outcomes_wait_for_the_broker_and_are_told_in_the_end(office: Office) -> None:
    office.broker.away = True
    (made,) = office.put("obcan@example.test")
    sender = office.sender()
    await office.until_state(made, State.SENT)
    await office.until(lambda: sender.check() == "broker-away")
    assert office.now(made).untold
    office.broker.away = False
    await office.until(lambda: not office.now(made).untold)
    assert len(office.broker.records) == 1


async def test_what_one_person_hears_of_one_case_comes_in_its_order(office: Office) -> None:
    made = [delivery(sequence=number, due_at=NOW + timedelta(milliseconds=number)) for number in range(1, 9)]
    office.clock.forward(timedelta(seconds=1))
    office.store.add(made)
    office.sender(caps=Caps(in_three_hours=99))
    await office.until(lambda: len(office.relay.taken) == 8)
    ids = [mail.message_id for mail in office.relay.taken]
    assert ids == [f"<{one.id}.{one.ticket_id}@lipovany.test>" for one in made]


async def test_without_its_pack_a_mail_waits_and_with_a_broken_text_it_fails(office: Office) -> None:
    broken = delivery(sequence=1)
    foreign = delivery(sequence=2, municipality="jinde")
    broken = broken.model_copy(update={"case": case_of(broken).model_copy(update={"category": "no-such"})})
    office.store.add([broken, foreign.model_copy(update={"ticket_id": uuid4()})])
    sender = office.sender()
    sender.composer._pack_of = lambda municipality: lipovany() if municipality == "lipovany" else None
    assert (await office.until_state(broken, State.FAILED)).failure == "unrenderable"
    await office.until(lambda: office.now(foreign).due_at > NOW)
    assert (office.now(foreign).state, office.now(foreign).attempts) == (State.DUE, 0)


async def test_an_unforeseen_fault_of_one_mail_ends_that_mail_alone(office: Office) -> None:
    bad, good = office.put("jeden@example.test", "druhy@example.test")
    sender = office.sender()
    compose = sender.composer.compose

    def faulty(one: Delivery, *, patient: bool) -> object:
        if one.id == bad.id:
            raise ZeroDivisionError
        return compose(one, patient=patient)

    sender.composer.compose = faulty  # type: ignore[method-assign, assignment]
    assert (await office.until_state(bad, State.FAILED)).failure == "broken"
    await office.until_state(good, State.SENT)


async def test_a_stop_lets_what_is_under_way_end_and_leaves_the_rest_free(office: Office) -> None:
    office.relay.hold_rcpt = {"pomaly"}
    under_way, *waiting = office.put("pomaly@example.test", *(f"obcan-{n}@example.test" for n in range(5)))
    office.sender(wire=Wire(total=1, lane=1))
    await office.until(lambda: office.relay.asked["pomaly"] == 1)
    ((task, stop),) = office.running
    stop.set()
    office.relay.released.set()
    await asyncio.wait([task], timeout=10)
    assert office.now(under_way).state == State.SENT
    assert {(office.now(one).state, office.now(one).owner, office.now(one).attempts) for one in waiting} == {
        (State.DUE, None, 0)
    }
    assert len(office.relay.taken) == 1
    assert office.store.senders == {}


async def test_a_task_reaches_the_team(office: Office) -> None:
    (task,) = deliveries(
        event(TicketAssigned, TEAM, personal={"text": "Díra.", "subject": "Díra"}, actor={"kind": "staff"})
    )
    office.store.add([task.model_copy(update={"case": case_of(task).model_copy(update={"resolver": None})})])
    office.sender()
    await office.until_state(task, State.SENT)
    assert [mail.recipient for mail in office.relay.taken] == ["silnice@lipovany.test"]


async def test_a_mail_waits_for_a_scanner_that_is_away_but_not_for_ever(office: Office) -> None:
    (made,) = office.put("obcan@example.test")
    sender = office.sender()
    compose, asked = sender.composer.compose, []

    def waiting(one: Delivery, *, patient: bool) -> object:
        asked.append(patient)
        if patient:
            raise ScannerAway
        return compose(one, patient=patient)

    sender.composer.compose = waiting  # type: ignore[method-assign, assignment]
    await office.until(lambda: asked and office.now(made).owner is None and office.now(made).due_at > office.clock())
    assert (office.now(made).state, office.now(made).attempts) == (State.DUE, 0)
    assert office.now(made).due_at - office.clock() <= WAIT_FOR_PHOTOS
    office.clock.forward(PATIENCE_WITH_SCANNER)
    await office.until_state(made, State.SENT)
    assert asked[0] is True
    assert asked[-1] is False
