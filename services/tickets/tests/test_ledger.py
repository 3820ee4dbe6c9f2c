"""The books: every original has exactly one outcome, or is named."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import orjson
import pytest
from prometheus_client import REGISTRY
from pymongo.database import Database

from contracts import object_keys
from contracts.alarms import AlarmKind
from contracts.envelope import parse_event
from contracts.registry import ALARMS, REPORTS, TOPICS
from kit import topics
from kit.messages import Record
from kit.mongo import Document
from kit.producer import Producer
from tickets.books.alarm_rules import CALM_LOOKS, REMINDED_EVERY
from tickets.books.alarms import Alarms
from tickets.books.bookkeeper import Bookkeeper
from tickets.books.ledger import Ledger, Missing, Page, published_on, report_ids

from .builders import Clock, messages, report
from .office import Office

pytestmark = pytest.mark.integration
TOWN = "lipovany"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def day(clock: Clock) -> date:
    return clock().date()


@pytest.fixture
def ledger(office: Office, database: Database[Document], clock: Clock) -> Ledger:
    return Ledger(database, office.objects, clock)


def keep(
    office: Office, day: date, received: object, report_id: UUID | None = None, channel: str | None = "email"
) -> str:
    """An original as an intake keeps it; returns its folder."""
    folder = object_keys.report_folder(TOWN, day, report_id or uuid4())
    office.objects.put(object_keys.raw_key(folder), b"raw")
    if received is not None:
        envelope = {"received_at": received} | ({"channel": channel} if channel else {})
        office.objects.put(object_keys.envelope_key(folder), orjson.dumps(envelope))
    return folder


def page_of(ledger: Ledger, day: date, channel: str = "email") -> Page:
    return next(page for page in ledger.pages(TOWN, day) if page.channel == channel)


def test_every_original_with_an_outcome_is_counted_by_it(
    office: Office, ledger: Ledger, day: date, clock: Clock
) -> None:
    for number in range(3):
        event = report(f"Výmol {number}")
        office.reports(messages(event))
        keep(office, day, clock().isoformat(), event.data.report_id)
    [page] = ledger.pages(TOWN, day)
    assert (page.originals, page.published, page.outcomes) == (3, 3, {"opened": 3})
    assert (page.missing, page.waiting) == ((), 0)
    assert ledger.pages("dubna", day) == []


def test_each_channel_has_a_page_of_its_own(office: Office, ledger: Ledger, day: date, clock: Clock) -> None:
    by_mail, by_web = report("Výmol"), report("Lampa", channel="web")
    office.reports(messages(by_mail, by_web))
    for event in (by_mail, by_web):
        keep(office, day, clock().isoformat(), event.data.report_id)
    late = [keep(office, day, clock().isoformat(), channel=channel) for channel in ("sms", None, "pigeon")]
    clock.passes(seconds=61)
    pages = {page.channel: page for page in ledger.pages(TOWN, day)}
    assert {channel: page.originals for channel, page in pages.items()} == {"email": 3, "sms": 1, "web": 1}
    assert pages["web"].outcomes == {"opened": 1}
    assert [one.folder for one in pages["sms"].missing] == late[:1]
    assert {one.folder for one in pages["email"].missing} == set(late[1:])


def test_an_original_is_on_its_way_for_a_minute_and_then_missing(
    office: Office, ledger: Ledger, day: date, clock: Clock
) -> None:
    folder = keep(office, day, clock().isoformat())
    assert (page_of(ledger, day).missing, page_of(ledger, day).waiting) == ((), 1)
    assert ledger.pages(TOWN, day, timedelta())[0].missing == (Missing(folder),)
    clock.passes(seconds=61)
    assert (page_of(ledger, day).missing, page_of(ledger, day).waiting) == ((Missing(folder),), 0)


def test_what_lay_in_a_mailbox_for_long_is_on_its_way_from_when_it_was_taken(
    office: Office, ledger: Ledger, day: date, clock: Clock
) -> None:
    folder = keep(office, day, (clock() - timedelta(hours=5)).isoformat())
    envelope = orjson.loads(office.objects.get(object_keys.envelope_key(folder)))
    taken = orjson.dumps({**envelope, "taken_at": clock().isoformat()})
    office.objects.put(object_keys.envelope_key(folder), taken)
    assert (page_of(ledger, day).missing, page_of(ledger, day).waiting) == ((), 1)
    clock.passes(seconds=61)
    assert page_of(ledger, day).missing == (Missing(folder),)


@pytest.mark.parametrize("received", [None, "yesterday", 5])
def test_an_original_that_does_not_say_from_when_it_is_is_missing(
    office: Office, ledger: Ledger, day: date, received: object
) -> None:
    folder = keep(office, day, received)
    assert page_of(ledger, day).missing == (Missing(folder),)


def test_what_is_not_named_by_an_id_is_not_ours() -> None:
    one = uuid4()
    assert list(report_ids(["x", str(one), ""])) == [one]


def test_what_is_missing_says_whether_its_report_was_published(
    office: Office, database: Database[Document], clock: Clock, servers: Mapping[str, str]
) -> None:
    # The broker notes when a record came, and knows no other clock than its own.
    clock.time = datetime.now(UTC)
    day = clock().date()
    topics.create(servers["KAFKA_BOOTSTRAP"], TOPICS)
    event = report()
    published = keep(office, day, clock().isoformat(), event.data.report_id)
    kept_only = keep(office, day, clock().isoformat())
    producer = Producer(servers["KAFKA_BOOTSTRAP"], client_id="test", confirm_within=60)
    assert all(producer.publish_all([Record(REPORTS.name, b"k", event.to_bytes()), Record(REPORTS.name, b"k", b"x")]))
    producer.close()
    clock.passes(seconds=61)
    look = published_on(servers["KAFKA_BOOTSTRAP"], lambda: day)
    [page] = Ledger(database, office.objects, clock, look).pages(TOWN, day)
    assert page.published == 1
    assert set(page.missing) == {Missing(published, True), Missing(kept_only, False)}
    old = published_on(servers["KAFKA_BOOTSTRAP"], lambda: day + timedelta(days=40))
    assert old(day, [event.data.report_id]) is None, "the topic does not go back so far"


class Told:
    """The topic of alarms, and the looks of a bookkeeper who may be started anew."""

    def __init__(self, office: Office, ledger: Ledger, database: Database[Document], clock: Clock) -> None:
        self.events: list[str] = []
        self.ids: set[UUID] = set()
        self.broker_away = False
        self.letters: dict[str, int] = {}
        self._parts = (ledger, database, clock)

    def publish(self, records: Collection[Record]) -> list[bool]:
        for record in [] if self.broker_away else records:
            event = parse_event(record.value, {event.event_type: event for event in ALARMS.events})
            if event.id not in self.ids:
                counts = ", ".join(f"{item.what} {item.count}" for item in event.data.items)
                self.events.append(f"{event.type} {event.data.kind}: {counts}")
                self.ids.add(event.id)
        return [not self.broker_away] * len(records)

    def look(self) -> None:
        """One look of a bookkeeper who has just been started."""
        ledger, database, clock = self._parts
        alarms = Alarms(database, self.publish, CALM_LOOKS * MINUTE)
        bookkeeper = Bookkeeper(ledger, [TOWN], clock, alarms, lambda: self.letters, 60)
        bookkeeper.look_at_books()
        bookkeeper.look_at_dead_letters()
        clock.passes(seconds=60)


@pytest.fixture
def told(office: Office, ledger: Ledger, database: Database[Document], clock: Clock) -> Told:
    return Told(office, ledger, database, clock)


def test_what_is_missing_shows_as_a_figure_and_is_told_once_until_it_is_mended(
    office: Office, told: Told, day: date, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def figure() -> float | None:
        return REGISTRY.get_sample_value("helpdesk_ledger_missing", {"municipality": TOWN})

    event = report()
    keep(office, day - timedelta(days=1), (clock() - timedelta(days=1)).isoformat(), event.data.report_id)
    for _ in range(5):
        told.look()
    assert figure() == 1
    assert "originals_without_outcome" in caplog.text
    assert told.events == ["alarm.raised originals-without-outcome: email 1"]
    office.reports(messages(event))
    told.look()
    assert figure() == 0
    assert len(told.events) == 1, "a moment of calm is no end"
    for _ in range(CALM_LOOKS + 3):
        told.look()
    assert told.events[1:] == ["alarm.ended originals-without-outcome: email 1"]


def test_an_alarm_that_lasts_is_repeated_daily_and_a_new_one_is_a_new_alarm(told: Told, clock: Clock) -> None:
    told.letters = {"reports.tickets.dead": 2, "routing.tickets.dead": 0}
    for _ in range(3):
        told.look()
    clock.passes(seconds=REMINDED_EVERY.total_seconds())
    told.letters = {"reports.tickets.dead": 3}
    for _ in range(3):
        told.look()
    told.letters = {}
    for _ in range(CALM_LOOKS + 3):
        told.look()
    told.letters = {"routing.tickets.dead": 1}
    told.look()
    assert told.events == [
        "alarm.raised dead-letters: reports.tickets.dead 2",
        "alarm.repeated dead-letters: reports.tickets.dead 3",
        "alarm.ended dead-letters: reports.tickets.dead 3",
        "alarm.raised dead-letters: routing.tickets.dead 1",
    ]


def test_two_workers_tell_an_alarm_once(told: Told) -> None:
    told.letters = {"reports.tickets.dead": 1}
    publish = told.publish

    def publish_while_another_looks(records: Collection[Record]) -> list[bool]:
        told.publish = publish  # type: ignore[method-assign]
        told.look()
        return publish(records)

    told.publish = publish_while_another_looks  # type: ignore[method-assign]
    told.look()
    told.look()
    assert told.events == ["alarm.raised dead-letters: reports.tickets.dead 1"]


def test_what_comes_and_goes_is_one_alarm(told: Told) -> None:
    for number in range(20):
        told.letters = {"reports.tickets.dead": 1} if number % 2 else {}
        told.look()
    assert told.events == ["alarm.raised dead-letters: reports.tickets.dead 1"]


def test_an_alarm_that_could_not_be_told_is_told_when_the_broker_is_back(
    told: Told, database: Database[Document]
) -> None:
    told.letters, told.broker_away = {"reports.tickets.dead": 1}, True
    for _ in range(3):
        told.look()
    assert told.events == []
    told.broker_away = False
    for _ in range(3):
        told.look()
    assert told.events == ["alarm.raised dead-letters: reports.tickets.dead 1"]
    stored = database["alarms"].find_one({"_id": f"{TOWN}/{AlarmKind.DEAD_LETTERS}"})
    assert stored is not None
    assert stored["alarm"]["news"] is None
