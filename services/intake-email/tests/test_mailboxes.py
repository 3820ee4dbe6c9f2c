"""Fetching from a real Dovecot: what lies there becomes a report once, whoever else has the mailbox open."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.dovecot import Dovecot
from intake_email.handlers import Accepted
from intake_email.mailboxes.fetcher import Fetcher
from kit import metrics

from .builders import message
from .fetching import SIZE_LIMIT, House, house
from .mail_servers import DONE, REFUSED, Person, dovecot, mailbox_at, opening_of

pytestmark = pytest.mark.integration

SECONDS = 20.0
NO_MOVE = "IMAP4rev1 SASL-IR IDLE UIDPLUS LITERAL+"
NO_UIDPLUS = "IMAP4rev1 SASL-IR IDLE LITERAL+"


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot(users=[f"schranka{number}" for number in range(40)]) as started:
        yield started


@pytest.fixture
def user(server: Dovecot, taken: Iterator[int] = iter(range(40))) -> str:  # noqa: B008 - one for the whole run
    """A mailbox that nobody has used."""
    return f"schranka{next(taken)}"


@pytest.fixture
def in_house() -> Iterator[House]:
    with house() as made:
        yield made


def letter(body: str = "V Lipove je vymol", **headers: str) -> bytes:
    return message(f"{body} {uuid4()}\r\n", Message_ID=f"<{uuid4()}@example.test>", **headers)


def eventually(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "not within its time"
        threading.Event().wait(0.05)


@contextmanager
def running(*fetchers: Fetcher) -> Iterator[None]:
    """The fetchers at work; in the end they stop in order."""
    stop = threading.Event()
    threads = [threading.Thread(target=fetcher.run, args=(stop,)) for fetcher in fetchers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(SECONDS)
    assert not any(thread.is_alive() for thread in threads)


def fetcher_of(made: House, server: Dovecot, user: str, **changed: Any) -> Fetcher:
    take_all = changed.pop("take_all", made.take_all)
    mailbox = mailbox_at(server, user, **changed)
    return made.fetcher(mailbox, opening_of(mailbox), take_all=take_all)


def test_what_lies_there_is_taken_unchanged_and_moved_read_or_not(server: Dovecot, user: str, in_house: House) -> None:
    raws = [letter(), letter()]
    for number, raw in enumerate(raws):
        server.deliver(raw, user=user, name=f"{number}.a")
    with Person(server, user) as person:
        person.client.select_folder("INBOX")
        person.client.add_flags([1], [rb"\Seen"])
        with running(fetcher_of(in_house, server, user)):
            eventually(lambda: len(person.lying(DONE)) == 2)
        assert person.lying() == []
        assert person.content(DONE) == raws
        assert [b"\\Seen" in flags for flags in person.flags(DONE)] == [True, False]
    kept = [in_house.store.get(event.data.original.key) for event in in_house.road.events]
    assert sorted(kept) == sorted(raws)


@pytest.mark.parametrize("idle", [True, False])
def test_a_mail_that_comes_while_we_wait_is_taken_soon(server: Dovecot, user: str, in_house: House, idle: bool) -> None:
    fetcher = fetcher_of(in_house, server, user, idle=idle, poll_seconds=300 if idle else 0.3)
    with running(fetcher):
        eventually(lambda: fetcher.status.check() is None)
        server.deliver(letter(), user=user, name="1.a")
        eventually(lambda: in_house.road.reports)


@pytest.mark.parametrize("security", ["starttls", "plain"])
def test_a_mailbox_is_reached_in_each_allowed_way(server: Dovecot, user: str, in_house: House, security: str) -> None:
    server.deliver(letter(), user=user, name="1.a")
    with running(fetcher_of(in_house, server, user, security=security, port=server.port)):
        eventually(lambda: in_house.road.reports)


def test_a_certificate_that_nobody_vouches_for_ends_the_attempt(server: Dovecot, user: str, in_house: House) -> None:
    fetcher = fetcher_of(in_house, server, user, certificate_authority=None)
    with running(fetcher):
        eventually(lambda: fetcher.status.check() == "certificate-not-trusted")


def test_a_wrong_password_is_told_and_the_right_one_later_helps(server: Dovecot, user: str, in_house: House) -> None:
    mailbox = mailbox_at(server, user)
    server.deliver(letter(), user=user, name="1.a")
    passwords = iter(["špatně", "spatne"])

    def opening() -> Any:
        wrong = next(passwords, None)
        return (opening_of(mailbox) if wrong is None else opening_of(mailbox, wrong))()

    fetcher = in_house.fetcher(mailbox, opening)
    with running(fetcher):
        eventually(lambda: fetcher.status.check() == "login-refused")
        eventually(lambda: fetcher.status.check() is None)
        eventually(lambda: in_house.road.reports)


@pytest.mark.parametrize("capability", [NO_MOVE, NO_UIDPLUS])
def test_a_server_without_move_gets_a_copy_and_a_mark_and_others_marks_are_left_alone(
    in_house: House, capability: str
) -> None:
    with dovecot(capability=capability) as old, Person(old) as person:
        for number in range(3):
            old.deliver(letter(), name=f"{number}.a")
        person.client.select_folder("INBOX")
        person.client.add_flags([2], [rb"\Deleted"])
        with running(fetcher_of(in_house, old, "podatelna")):
            eventually(lambda: len(person.lying(DONE)) == 2)
            eventually(lambda: 1 not in person.lying() or capability == NO_UIDPLUS)
        assert 2 in person.lying(), "marked by somebody else, and not ours to remove"
        assert len(person.lying(DONE)) == 2
        assert len(in_house.road.reports) == len(in_house.road.records) == 2


def test_somebody_who_reads_moves_and_deletes_while_we_fetch_costs_no_mail_that_was_taken(
    server: Dovecot, user: str, in_house: House
) -> None:
    for number in range(6):
        server.deliver(letter(), user=user, name=f"{number}.a")
    with Person(server, user) as person:
        person.client.create_folder("Moje")

        def take_all(mails: Any) -> Any:
            # In the worst moment: fetched, and not moved yet.
            if not in_house.road.records:
                with Person(server, user) as other:
                    other.client.select_folder("INBOX")
                    other.client.move([1], "Moje")
                    other.client.delete_messages([2])
                    other.client.expunge()
                    other.client.add_flags([3], [rb"\Flagged", rb"\Seen"])
            return in_house.take_all(mails)

        with running(fetcher_of(in_house, server, user, take_all=take_all)):
            eventually(lambda: len(person.lying(DONE)) == 4)
        assert person.lying() == []
        assert len(person.lying("Moje")) == 1
    assert len(in_house.road.reports) == 6


def test_two_fetchers_of_one_mailbox_double_no_report_and_lose_none(
    server: Dovecot, user: str, in_house: House
) -> None:
    raws = [letter() for _ in range(120)]
    for number, raw in enumerate(raws):
        server.deliver(raw, user=user, name=f"{number:04}.a")
    with Person(server, user) as person:
        with running(*(fetcher_of(in_house, server, user) for _ in range(2))):
            eventually(lambda: not person.lying())
        assert set(person.content(DONE)) == set(raws)
    assert len(in_house.road.reports) == 120
    assert len({event.id for event in in_house.road.events}) == 120


def test_one_mail_in_two_mailboxes_of_a_town_is_one_report(server: Dovecot, user: str, in_house: House) -> None:
    raw, other = letter(), f"schranka{39}"
    server.deliver(b"Delivered-To: a@lipovany.test\r\n" + raw, user=user, name="1.a")
    server.deliver(b"Delivered-To: b@lipovany.test\r\nReceived: from a by b\r\n" + raw, user=other, name="1.a")
    with running(*(fetcher_of(in_house, server, one) for one in (user, other))):
        eventually(lambda: len(in_house.road.records) == 2)
    assert len(in_house.road.reports) == 1


def test_a_mailbox_that_was_made_anew_with_another_uidvalidity_goes_on(
    server: Dovecot, user: str, in_house: House
) -> None:
    raws = [letter(), letter()]
    with Person(server, user) as person:
        person.client.create_folder("Prichozi")
        person.client.append("Prichozi", raws[0])
        first = person.client.folder_status("Prichozi", ["UIDVALIDITY"])
        with running(fetcher_of(in_house, server, user, folder="Prichozi")):
            eventually(lambda: len(in_house.road.reports) == 1)
            person.client.delete_folder("Prichozi")
            person.client.create_folder("Prichozi")
            assert person.client.folder_status("Prichozi", ["UIDVALIDITY"]) != first
            person.client.append("Prichozi", raws[1])
            eventually(lambda: len(person.lying(DONE)) == 2)
        assert sorted(person.content(DONE)) == sorted(raws)
    assert len(in_house.road.reports) == 2


def test_a_missing_folder_is_told_and_taken_from_once_it_is_there(server: Dovecot, user: str, in_house: House) -> None:
    fetcher = fetcher_of(in_house, server, user, folder="Podani")
    with running(fetcher), Person(server, user) as person:
        eventually(lambda: fetcher.status.check() == "no-folder")
        person.client.create_folder("Podani")
        person.client.append("Podani", letter())
        eventually(lambda: in_house.road.reports)


def test_folders_that_somebody_deletes_are_made_again(server: Dovecot, user: str, in_house: House) -> None:
    with Person(server, user) as person, running(fetcher_of(in_house, server, user)):
        server.deliver(letter(), user=user, name="1.a")
        eventually(lambda: len(person.lying(DONE)) == 1)
        person.client.select_folder("INBOX")
        person.client.delete_folder(DONE)
        server.deliver(letter(), user=user, name="2.a")
        eventually(lambda: len(person.lying(DONE)) == 1)
    assert len(in_house.road.reports) == 2


def test_where_no_folder_may_be_made_nothing_is_taken_that_could_not_be_moved(in_house: House) -> None:
    with dovecot() as strict:
        strict.deliver(letter(), name="1.a")
        (strict.home("podatelna") / "Maildir").chmod(0o500)
        fetcher = fetcher_of(in_house, strict, "podatelna")
        with running(fetcher):
            eventually(lambda: fetcher.status.check() not in (None, "connecting"))
            assert fetcher.status.check() == "folder-not-made"
        assert in_house.road.records == []
        (strict.home("podatelna") / "Maildir").chmod(0o700)


def test_a_huge_mail_goes_to_the_refused_ones_and_those_behind_it_are_taken(
    server: Dovecot, user: str, in_house: House
) -> None:
    huge = letter() + b"x" * 60 + b"\r\n" * SIZE_LIMIT
    server.deliver(huge, user=user, name="0001.a")
    server.deliver(letter(), user=user, name="0002.a")
    with Person(server, user) as person, running(fetcher_of(in_house, server, user)):
        eventually(lambda: len(person.lying(DONE)) == 1 and len(person.lying(REFUSED)) == 1)
        assert person.content(REFUSED) == [huge]


def test_a_server_that_goes_away_and_comes_back_loses_nothing(in_house: House) -> None:
    with dovecot() as server:
        server.deliver(letter(), name="1.a")
        fetcher = fetcher_of(in_house, server, "podatelna")
        with running(fetcher):
            eventually(lambda: len(in_house.road.reports) == 1)
            server.stop()
            eventually(lambda: fetcher.status.check() == "unreachable")
            server.deliver(letter(), name="2.a")
            server.start()
            eventually(lambda: len(in_house.road.reports) == 2)
            eventually(lambda: fetcher.status.check() is None)


def test_of_five_thousand_old_mails_only_those_from_the_chosen_day_are_taken_with_progress(
    server: Dovecot, user: str, in_house: House
) -> None:
    begin = datetime(2026, 11, 1, 12, tzinfo=UTC)
    for number in range(5_000):
        at = begin + timedelta(days=1) if number % 10 == 0 else begin - timedelta(days=number // 10 + 1)
        server.deliver(letter(), user=user, name=f"{number:05}.a", at=at)
    seen: list[float] = []

    def take_all(mails: Any) -> Any:
        seen.append(metrics.MAILBOX_WAITING.labels(user)._value.get())
        return [Accepted((uuid4(),)) for _ in mails]

    with (
        Person(server, user) as person,
        running(fetcher_of(in_house, server, user, since=date(2026, 11, 1), take_all=take_all)),
    ):
        eventually(lambda: len(seen) >= 25 and len(person.lying(DONE)) == 500, 60)
        assert len(person.lying()) == 4_500
    assert seen[0] == 500
    assert seen == sorted(seen, reverse=True)
