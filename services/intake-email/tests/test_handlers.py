"""One mail in: kept, registered, answered. The order of things is the promise."""

import asyncio
import logging
import threading
from typing import Any

import orjson
import pytest

from contracts.envelope import parse_event
from contracts.registry import EVENTS, REPORTS
from intake_email.handlers import Accepted, Intake, Mail, TryLater
from intake_email.message import parsing
from intake_email.recipients import AddressBook
from kit.messages import Record
from kit.object_store import MemoryObjectStore, StoreAway
from kit.producer import NotConfirmed

from .builders import CITIZEN, KEYS, RECEIVED_AT, file, message, multipart, part, photo, text

BOOK = AddressBook.read("podatelna@lipovany.test=lipovany,hlaseni@lipovany.test=lipovany,mesto@hora.test=hora")


class Broker:
    """Confirms what is published, or not; notes what the store held at that moment."""

    def __init__(self, store: MemoryObjectStore) -> None:
        self.records: list[Record] = []
        self.away = False
        self.slow: asyncio.Event | None = None
        self.stored_before: list[set[str]] = []
        self._store = store

    async def publish(self, record: Record) -> None:
        if self.slow is not None:
            await self.slow.wait()
        if self.away:
            raise NotConfirmed(record.topic)
        self.stored_before.append(set(self._store.objects))
        self.records.append(record)


class House:
    """An intake with its store and broker."""

    def __init__(self, **changed: Any) -> None:
        self.store = MemoryObjectStore()
        self.broker = Broker(self.store)
        self.intake = Intake(self.store, self.broker, KEYS, BOOK.domains, **changed)

    def events(self) -> list[Any]:
        return [parse_event(record.value, EVENTS) for record in self.broker.records]


def mail(raw: bytes, *recipients: str, sender: str = CITIZEN) -> Mail:
    found = [(address, BOOK.find(address)) for address in recipients or ("podatelna@lipovany.test",)]
    return Mail(
        raw, sender, tuple((a, r) for a, r in found if r is not None), RECEIVED_AT, "192.0.2.7", "mx.example.test"
    )


REPORT = multipart([part("Výmol v Lipové"), file(photo(), "image/jpeg", "vymol.jpg")])


async def test_everything_is_stored_before_the_event_is_published_and_only_then_it_is_accepted() -> None:
    house = House()
    answer = await house.intake.take(mail(REPORT))
    [event] = house.events()
    assert answer == Accepted((event.subject,))
    assert house.broker.records[0].topic == REPORTS.name
    needed = {event.data.original.key, event.data.original.envelope_key, event.data.parts[0].key}
    assert house.broker.stored_before == [needed]
    assert house.store.objects[event.data.original.key] == REPORT
    assert house.store.objects[event.data.parts[0].key] == photo()


async def test_the_envelope_lies_beside_the_original() -> None:
    house = House()
    await house.intake.take(mail(REPORT, "podatelna+x@lipovany.test", "mesto@hora.test"))
    for event in house.events():
        envelope = orjson.loads(house.store.objects[event.data.original.envelope_key])
        assert envelope["sender"] == CITIZEN
        assert (envelope["peer"], envelope["hello"]) == ("192.0.2.7", "mx.example.test")
        assert envelope["report_id"] == str(event.subject)
        assert len(envelope["recipients"]) == 1
        assert ("hora" in envelope["recipients"][0]) == (event.municipality == "hora")


async def test_each_municipality_has_its_own_report_and_two_addresses_of_one_share_it() -> None:
    house = House()
    answer = await house.intake.take(
        mail(REPORT, "podatelna@lipovany.test", "hlaseni@lipovany.test", "mesto@hora.test")
    )
    assert isinstance(answer, Accepted)
    assert len(set(answer.report_ids)) == 2
    assert sorted(event.municipality for event in house.events()) == ["hora", "lipovany"]


async def test_a_repeat_writes_the_same_and_publishes_the_same_event() -> None:
    house = House()
    first = await house.intake.take(mail(REPORT))
    kept = dict(house.store.objects)
    assert await house.intake.take(mail(REPORT)) == first
    assert house.store.objects == kept
    assert house.broker.records[0] == house.broker.records[1]


async def test_with_the_store_away_nothing_is_published_and_a_retry_repairs() -> None:
    house = House()
    house.store.away = True
    assert await house.intake.take(mail(REPORT)) == TryLater("store-away")
    assert house.broker.records == []
    house.store.away = False
    assert isinstance(await house.intake.take(mail(REPORT)), Accepted)


async def test_with_the_broker_away_the_sender_comes_again_and_it_is_one_report() -> None:
    house = House()
    house.broker.away = True
    assert await house.intake.take(mail(REPORT)) == TryLater("broker-away")
    kept = dict(house.store.objects)
    house.broker.away = False
    assert isinstance(await house.intake.take(mail(REPORT)), Accepted)
    assert house.store.objects == kept
    assert len(house.broker.records) == 1


async def test_a_store_that_fails_half_way_is_repaired_by_the_retry() -> None:
    house = House()
    whole = house.store.put
    calls = 0

    def failing(key: str, content: bytes, media_type: str = "") -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise StoreAway
        whole(key, content, media_type)

    house.store.put = failing  # type: ignore[method-assign]
    assert await house.intake.take(mail(REPORT)) == TryLater("store-away")
    assert len(house.store.objects) == 2
    assert isinstance(await house.intake.take(mail(REPORT)), Accepted)
    assert len(house.store.objects) == 3


async def test_a_slow_broker_is_answered_in_time_and_the_work_goes_on() -> None:
    house = House(answer_within=0.05)
    house.broker.slow = asyncio.Event()
    assert await house.intake.take(mail(REPORT)) == TryLater("slow")
    house.broker.slow.set()
    await house.intake.close()
    assert len(house.broker.records) == 1


async def test_more_mails_than_places_are_put_off() -> None:
    house = House(in_work=2)
    house.broker.slow = asyncio.Event()
    waiting = [asyncio.create_task(house.intake.take(mail(message(str(number))))) for number in range(2)]
    await asyncio.sleep(0)
    assert not house.intake.has_room()
    assert await house.intake.take(mail(message("3"))) == TryLater("busy")
    house.broker.slow.set()
    assert all(isinstance(answer, Accepted) for answer in await asyncio.gather(*waiting))
    assert house.intake.has_room()


async def test_a_place_is_given_back_only_when_the_work_is_done() -> None:
    house = House(in_work=1, answer_within=0.05)
    house.broker.slow = asyncio.Event()
    assert await house.intake.take(mail(REPORT)) == TryLater("slow")
    assert not house.intake.has_room()
    house.broker.slow.set()
    await house.intake.close()
    assert house.intake.has_room()


async def test_great_mails_are_put_off_before_memory_ends() -> None:
    house = House(octets_in_work=100)
    house.broker.slow = asyncio.Event()
    first = asyncio.create_task(house.intake.take(mail(REPORT)))
    await asyncio.sleep(0)
    assert await house.intake.take(mail(REPORT)) == TryLater("busy")
    house.broker.slow.set()
    assert isinstance(await first, Accepted)


@pytest.mark.parametrize("fault", [ValueError("občan"), RecursionError(), MemoryError(), KeyError("občan")])
async def test_a_mail_that_parsing_fails_on_is_registered_all_the_same(fault: Exception) -> None:
    def failing(*_: object, **__: object) -> None:
        raise fault

    house = House(parse=failing)
    answer = await house.intake.take(mail(REPORT))
    [event] = house.events()
    assert answer == Accepted((event.subject,))
    assert event.data.defects == ["unparsable"]
    assert house.store.objects[event.data.original.key] == REPORT


async def test_an_event_that_cannot_be_made_is_registered_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise ValueError("občan")

    monkeypatch.setattr("intake_email.events.register", failing)
    house = House()
    assert isinstance(await house.intake.take(mail(REPORT)), Accepted)
    assert house.events()[0].data.defects == ["unparsable"]


async def test_the_original_is_safe_before_anything_is_parsed() -> None:
    house = House()
    seen: list[bytes] = []

    def parse(raw: bytes, **given: Any) -> parsing.ParsedMessage:
        seen.extend(house.store.objects.values())
        return parsing.parse(raw, **given)

    house.intake._parse = parse
    await house.intake.take(mail(REPORT))
    assert REPORT in seen


async def test_parsing_and_the_store_never_block_the_loop() -> None:
    house = House()
    threads: set[str] = set()
    whole = house.store.put

    def put(key: str, content: bytes, media_type: str = "") -> None:
        threads.add(threading.current_thread().name)
        whole(key, content, media_type)

    house.store.put = put  # type: ignore[method-assign]
    await house.intake.take(mail(REPORT))
    assert threads
    assert threading.current_thread().name not in threads


CANARY = "kanarek7391"


def _canaries() -> list[bytes]:
    name = f"{CANARY}.jpg"
    good = multipart(
        [part(f"{CANARY} v textu\r\n-- \r\n{CANARY}"), file(photo(), "image/jpeg", name)],
        From=f"{CANARY} <{CANARY}@example.test>",
        Subject=f"{CANARY} v predmetu",
        Message_ID=f"<{CANARY}@example.test>",
        References=f"<{CANARY}2@example.test>",
    )
    broken = text(CANARY, declared=CANARY, From=f"{CANARY}", Date=CANARY, Content_Transfer_Encoding=CANARY)
    types = message(CANARY, Content_Type=f"text/{CANARY}", Content_Disposition=f"attachment; filename={CANARY}.exe")
    bounce = multipart(
        [
            part(CANARY),
            part(
                f"\r\nFinal-Recipient: rfc822; {CANARY}@example.test\r\nAction: {CANARY}\r\n", "message/delivery-status"
            ),
        ],
        "report",
        parameters="; report-type=delivery-status",
    )
    return [good, broken, types, bounce, CANARY.encode()]


@pytest.mark.parametrize("broken", [False, True])
async def test_nothing_personal_is_logged_or_stands_outside_the_personal_part(
    broken: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise ValueError(CANARY)

    from kit.logs import JsonFormatter

    caplog.set_level(logging.DEBUG)
    house = House(**({"parse": failing} if broken else {}))
    for raw in _canaries():
        sender = f"{CANARY}@example.test"
        answer = await house.intake.take(mail(raw, f"podatelna+{CANARY}@lipovany.test", sender=sender))
        assert isinstance(answer, Accepted)
    assert caplog.records
    formatter = JsonFormatter("intake-email", "1")
    for line in caplog.records:
        assert CANARY not in formatter.format(line)
    for record in house.broker.records:
        assert record.value is not None
        event = orjson.loads(record.value)
        del event["data"]["personal"]
        assert CANARY not in orjson.dumps(event).decode()
        assert record.key is not None
        assert CANARY.encode() not in record.key
    assert all(CANARY not in key for key in house.store.objects)
