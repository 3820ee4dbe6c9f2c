"""One mailbox with a session out of memory: what is taken, when it is moved, what stays, how one waits."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from intake_email.handlers import Accepted, Answer, Mail, TryLater
from intake_email.mailboxes import envelopes
from intake_email.mailboxes.books import Books, Page
from intake_email.mailboxes.configuration import Mailbox
from intake_email.mailboxes.fetcher import Pauses, Status
from intake_email.mailboxes.sessions import Facts, MailboxFault, portions
from kit import metrics

from .builders import ADDRESS, message
from .fetching import ADDRESSES, SIZE_LIMIT, House, house

MAILBOX = Mailbox(name="podatelna", address=ADDRESS, host="imap.test", user="u", poll_seconds=0.1)
LONG_AGO = datetime(2024, 5, 1, 8, 0, tzinfo=UTC)


class Lying:
    """A mailbox in memory."""

    def __init__(self, *raws: bytes) -> None:
        self.validity = 1
        self.inbox: dict[int, bytes] = dict(enumerate(raws, start=1))
        self.moved: list[tuple[int, str]] = []
        self.received: dict[int, datetime] = {}
        self.opened = self.looked = 0
        self.away: dict[int, bytes] = {}
        self.folder = self.inbox
        self.before_move: Any = lambda: None
        self.faults: list[MailboxFault] = []

    def open(self) -> "Lying":
        self.opened += 1
        if self.faults:
            raise self.faults.pop(0)
        return self

    def waiting(self, since: date | None) -> list[int]:
        self.folder = self.inbox
        return [uid for uid in sorted(self.inbox) if since is None or self.received[uid].date() >= since]

    def done(self, since: date) -> list[int]:
        self.looked += 1
        self.folder = self.away
        return sorted(self.away)

    def facts(self, uids: Sequence[int]) -> Mapping[int, Facts]:
        return {
            uid: Facts(len(self.folder[uid]), self.received.get(uid, LONG_AGO)) for uid in uids if uid in self.folder
        }

    def fetch(self, uids: Sequence[int], limit: int) -> Mapping[int, bytes]:
        return {uid: self.folder[uid][: limit + 1] for uid in uids if uid in self.folder}

    def move(self, uids: Sequence[int], folder: str) -> None:
        self.before_move()
        for uid in uids:
            if (raw := self.inbox.pop(uid, None)) is not None:
                self.moved.append((uid, folder))
                self.away[uid] = raw

    def wait(self, seconds: float, stop: threading.Event) -> None:
        assert self.folder is self.inbox
        stop.wait(0.01)

    def close(self) -> None:
        pass


@pytest.fixture
def in_house() -> Iterator[House]:
    with house() as made:
        yield made


def letter(**headers: str) -> bytes:
    return message(f"V Lipove je vymol {uuid4()}\r\n", Message_ID=f"<{uuid4()}@example.test>", **headers)


def one_round(made: House, lying: Lying, mailbox: Mailbox = MAILBOX, **changed: Any) -> None:
    made.fetcher(mailbox, lying.open, **changed).round(lying, threading.Event())


def test_a_mail_is_moved_only_after_its_original_is_kept_and_its_event_confirmed(in_house: House) -> None:
    lying = Lying(letter())

    def look() -> None:
        [event] = in_house.road.events
        assert in_house.store.get(event.data.original.key) == lying.inbox[1]

    lying.before_move = look
    one_round(in_house, lying)
    assert lying.moved == [(1, "Zpracované")]


def test_it_came_when_the_mailbox_got_it(in_house: House) -> None:
    one_round(in_house, Lying(letter()))
    [event] = in_house.road.events
    assert event.data.received_at == LONG_AGO
    assert "/2024-05-01/" in event.data.original.key
    envelope = json.loads(in_house.store.get(event.data.original.envelope_key))
    assert envelope["received_at"] == LONG_AGO.isoformat()
    assert datetime.fromisoformat(envelope["taken_at"]) > datetime.now(UTC) - timedelta(minutes=1)


def test_a_mailbox_that_is_ahead_of_time_cannot_make_a_mail_of_tomorrow(in_house: House) -> None:
    lying, now = Lying(letter()), datetime.now(UTC)
    lying.received[1] = now + timedelta(days=3)
    one_round(in_house, lying, clock=lambda: now)
    [event] = in_house.road.events
    assert event.data.received_at == now


@pytest.mark.parametrize("what", ["store", "broker"])
def test_with_store_or_broker_away_nothing_is_moved_and_the_mailbox_waits(in_house: House, what: str) -> None:
    lying = Lying(letter(), letter())
    in_house.store.away, in_house.road.away = what == "store", what == "broker"
    with pytest.raises(MailboxFault, match=f"{what}-away"):
        one_round(in_house, lying)
    assert lying.moved == []
    in_house.store.away = in_house.road.away = False
    one_round(in_house, lying)
    assert len(lying.moved) == len(in_house.road.reports) == 2


def test_a_repeat_after_a_kill_before_the_move_is_the_same_report(in_house: House) -> None:
    lying = Lying(letter())

    def die() -> None:
        raise MailboxFault("connection-lost")

    lying.before_move = die
    with pytest.raises(MailboxFault):
        one_round(in_house, lying)
    lying.before_move = lambda: None
    one_round(in_house, lying)
    assert len(in_house.road.records) == 2
    assert len({event.id for event in in_house.road.events}) == 1


def test_what_is_too_large_or_goes_round_is_moved_apart_and_nothing_of_it_is_lost(in_house: House) -> None:
    long, longer = letter() + b"x" * SIZE_LIMIT, letter() + b"x" * 3 * SIZE_LIMIT
    circling = b"Received: from a by b\r\n" * 101 + letter()
    before = metrics.MAILBOX_MAILS.labels("podatelna", "too-large")._value.get()
    lying = Lying(long, letter(), longer, circling)
    one_round(in_house, lying)
    assert sorted(lying.moved) == [(1, "Odmítnuté"), (2, "Zpracované"), (3, "Odmítnuté"), (4, "Odmítnuté")]
    assert metrics.MAILBOX_MAILS.labels("podatelna", "too-large")._value.get() == before + 2
    assert len(in_house.road.reports) == 1


def test_a_mail_that_our_own_code_fails_on_stays_and_the_others_go_on(in_house: House) -> None:
    lying = Lying(letter(), letter(Subject="jed"), letter())
    asked: list[int] = []

    def take_all(mails: Sequence[Mail]) -> Sequence[Answer]:
        asked.append(len(mails))
        return [TryLater("failed") if b"Subject: jed" in mail.raw else Accepted((uuid4(),)) for mail in mails]

    fetcher = in_house.fetcher(MAILBOX, lying.open, take_all=take_all, pauses=Pauses(mail_first=0.2))
    fetcher.round(lying, threading.Event())
    assert [uid for uid, _ in lying.moved] == [1, 3]
    fetcher.round(lying, threading.Event())
    assert asked == [3], "not again at once"
    until = time.monotonic() + 5
    while len(asked) < 2 and time.monotonic() < until:
        fetcher.round(lying, threading.Event())
    assert asked == [3, 1]
    assert list(lying.inbox) == [2]
    assert metrics.MAILBOX_LATE.labels("podatelna")._value.get() == 1


def test_one_mail_that_the_store_never_takes_does_not_hold_up_those_beside_it(in_house: House) -> None:
    lying = Lying(letter(Subject="jed"), letter())

    def take_all(mails: Sequence[Mail]) -> Sequence[Answer]:
        return [TryLater("store-away") if b"Subject: jed" in mail.raw else Accepted((uuid4(),)) for mail in mails]

    one_round(in_house, lying, take_all=take_all)
    assert list(lying.inbox) == [1]


def test_a_mail_that_is_alone_in_its_portion_and_never_taken_does_not_hold_up_those_behind_it(in_house: House) -> None:
    heavy = [letter(Subject="jed").ljust(SIZE_LIMIT, b"x") for _ in range(2)]
    lying = Lying(*heavy, letter())

    def take_all(mails: Sequence[Mail]) -> Sequence[Answer]:
        return [TryLater("slow") if b"Subject: jed" in mail.raw else Accepted((uuid4(),)) for mail in mails]

    fetcher = in_house.fetcher(MAILBOX, lying.open, take_all=take_all, pauses=Pauses(mail_first=1_000))
    with pytest.raises(MailboxFault, match="slow"):
        fetcher.round(lying, threading.Event())
    fetcher.round(lying, threading.Event())
    assert list(lying.inbox) == [1, 2]


def test_a_mail_whose_envelope_our_code_fails_on_stays_and_the_others_go_on(
    in_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(raw: bytes, *told: Any) -> Mail:
        if b"Subject: jed" in raw:
            raise ValueError("tajne")
        return mail_of(raw, *told)

    mail_of = envelopes.mail_of
    monkeypatch.setattr(envelopes, "mail_of", failing)
    lying = Lying(letter(Subject="jed"), letter())
    one_round(in_house, lying)
    assert list(lying.inbox) == [1]
    assert len(in_house.road.reports) == 1


def test_with_another_uidvalidity_a_postponed_number_is_another_mail(in_house: House) -> None:
    lying = Lying(letter())
    answers: list[Answer] = [TryLater("failed"), Accepted((uuid4(),))]
    fetcher = in_house.fetcher(
        MAILBOX,
        lying.open,
        take_all=lambda mails: [answers.pop(0) for _ in mails],
        pauses=Pauses(mail_first=1_000),
    )
    fetcher.round(lying, threading.Event())
    fetcher.round(lying, threading.Event())
    assert lying.moved == []
    lying.validity = 2
    fetcher.round(lying, threading.Event())
    assert [uid for uid, _ in lying.moved] == [1]


def test_older_mails_than_the_chosen_day_stay_where_they_are(in_house: House) -> None:
    lying = Lying(letter(), letter())
    lying.received = {1: LONG_AGO, 2: datetime(2026, 11, 2, tzinfo=UTC)}
    one_round(in_house, lying, MAILBOX.model_copy(update={"since": date(2026, 11, 1)}))
    assert list(lying.inbox) == [1]


def test_a_mail_that_somebody_took_away_meanwhile_is_no_trouble(in_house: House) -> None:
    lying = Lying(letter(), letter())
    lying.before_move = lambda: lying.inbox.pop(1, None)
    one_round(in_house, lying)
    assert lying.moved == [(2, "Zpracované")]
    assert len(in_house.road.reports) == 2


def test_one_senders_mails_are_published_in_the_order_of_the_mailbox(in_house: House) -> None:
    raws = [letter(Subject=f"zprava {number}") for number in range(12)]
    one_round(in_house, Lying(*raws))
    assert [event.data.personal.subject for event in in_house.road.events] == [f"zprava {n}" for n in range(12)]


def test_trouble_is_waited_out_with_growing_pauses_and_told_by_its_code(in_house: House) -> None:
    lying = Lying(letter())
    lying.faults = [MailboxFault("unreachable"), MailboxFault("login-refused", person=True)]
    fetcher = in_house.fetcher(MAILBOX, lying.open, pauses=Pauses(first=0.2, first_for_person=0.2))
    assert fetcher.status.check() == "connecting"
    stop, seen = threading.Event(), set()
    thread = threading.Thread(target=fetcher.run, args=(stop,))
    thread.start()
    until = time.monotonic() + 10
    while not lying.moved and time.monotonic() < until:
        seen.add(fetcher.status.check())
    stop.set()
    thread.join(10)
    assert {"unreachable", "login-refused"} <= seen
    assert fetcher.status.check() is None
    assert lying.opened == 3


def test_a_wrong_password_is_never_tried_in_a_hot_loop() -> None:
    pauses = Pauses()
    waits = [pauses.after(failures, person=True) for failures in range(1, 10)]
    assert waits[:3] == [30, 60, 120]
    assert max(waits) == 600
    assert pauses.after(1_000, person=False) == 60


def test_a_stop_in_the_midst_finishes_what_is_in_hand_and_leaves_the_rest(in_house: House) -> None:
    lying, stop = Lying(*(letter() for _ in range(50))), threading.Event()
    lying.before_move = stop.set
    in_house.fetcher(MAILBOX, lying.open).round(lying, stop)
    assert len(lying.moved) == 20
    assert len(in_house.road.reports) == 20


def test_a_mailbox_that_has_stood_still_for_long_is_not_ready() -> None:
    status = Status(None, time.monotonic() - 601)
    assert status.check() == "no-progress"
    assert status.check(patience=700) is None


def test_the_books_name_what_lies_among_the_done_ones_and_was_never_kept(in_house: House) -> None:
    lying = Lying(letter(), letter())
    books = Books(
        MAILBOX, ADDRESSES, in_house.store, size_limit=SIZE_LIMIT, clock=lambda: LONG_AGO + timedelta(seconds=61)
    )
    assert books.page(lying) == Page(2, 2, 0, (), ())
    one_round(in_house, lying)
    lying.inbox[3] = letter()
    assert books.page(lying) == Page(1, 1, 2, (), (LONG_AGO.date(),))
    lying.away[7] = letter()
    assert books.page(lying) == Page(1, 1, 3, (7,), (LONG_AGO.date(),))
    del lying.away[7]
    lying.validity = 2
    assert books.page(lying) == Page(1, 1, 2, (), (LONG_AGO.date(),))


def test_the_fetcher_looks_into_the_books_and_goes_back_to_where_mails_come_in(in_house: House) -> None:
    lying, stop = Lying(letter()), threading.Event()
    lying.away[9] = letter()
    books = Books(MAILBOX, ADDRESSES, in_house.store, size_limit=SIZE_LIMIT, clock=lambda: datetime.now(UTC))
    fetcher = in_house.fetcher(MAILBOX, lying.open, books=books)
    thread = threading.Thread(target=fetcher.run, args=(stop,))
    thread.start()
    until = time.monotonic() + 20
    while not metrics.MAILBOX_NOT_KEPT.labels("podatelna")._value.get() and time.monotonic() < until:
        stop.wait(0.01)
    stop.set()
    thread.join(20)
    assert metrics.MAILBOX_NOT_KEPT.labels("podatelna")._value.get() == 1
    assert lying.looked == 1
    assert fetcher.status.check() is None


def test_portions_are_bounded_by_number_and_by_size() -> None:
    facts = {uid: Facts(size, None) for uid, size in enumerate([10] * 25 + [900, 200, 5_000, 1], start=1)}
    found = [list(portion) for portion in portions(facts, 1_000)]
    assert found == [list(range(1, 21)), [21, 22, 23, 24, 25, 26], [27], [28], [29]]
