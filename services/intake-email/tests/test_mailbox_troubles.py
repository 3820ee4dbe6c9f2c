"""Mail servers that are broken, slow or hostile: each ends in a code and a pause, never in a hot loop or a dead thread."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from intake_email.mailboxes.fetcher import Pauses
from intake_email.mailboxes.sessions import MailboxFault

from .fetching import House, house
from .mail_servers import Script, opening_of

CAPABLE = (b"CAPABILITY", b"* CAPABILITY IMAP4rev1 UIDPLUS MOVE\r\n")
LISTED = (b"LIST", b'* LIST () "/" x\r\n')
SELECTED = (b"SELECT", b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n")
ONE = (b"SEARCH", b"* SEARCH 7\r\n")
SIZED = (b"RFC822.SIZE", b'* 1 FETCH (UID 7 RFC822.SIZE 20 INTERNALDATE "01-Nov-2026 10:00:00 +0100")\r\n')
USUAL = (CAPABLE, LISTED, SELECTED, ONE, SIZED)


@pytest.fixture
def in_house() -> Iterator[House]:
    with house() as made:
        yield made


@pytest.mark.parametrize(
    ("greeting", "answers", "reason"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", (), "unreachable"),
        (b"\x00\xff\xfe" * 100 + b"\r\n", (), "unreachable"),
        (b"* BYE too busy\r\n", (), "not-understood"),
        (b"* OK\r\n", ((b"CAPABILITY", b"CLOSE"),), "unreachable"),
        (b"* OK\r\n", (CAPABLE, (b"LOGIN", b"CLOSE* BYE\r\n")), "login-away"),
        (b"* OK\r\n", (CAPABLE, LISTED, (b"SELECT", b"CLOSE")), "connection-lost"),
        (b"* OK\r\n", (CAPABLE, LISTED, SELECTED, (b"SEARCH", b"* SEARCH seven\r\n")), "not-understood"),
        (b"* OK\r\n", (CAPABLE, LISTED, SELECTED, (b"SEARCH", b"* SEARCH 7 \xff\r\n")), "not-understood"),
        (b"* OK\r\n", (CAPABLE, LISTED, SELECTED, ONE, (b"FETCH", b"* 1 FETCH (UID\r\n")), "fetch-refused"),
        (b"* OK\r\n", (CAPABLE, LISTED, SELECTED, ONE, (b"FETCH", b"garbage {99999\r\n")), "connection-lost"),
        (b"* OK\r\n", (*USUAL, (b"BODY", b"CLOSE* 1 FETCH (UID 7 BODY[]<0> {20}\r\nFrom: a")), "connection-lost"),
        (b"* OK\r\n", (*USUAL, (b"BODY", b"* 1 FETCH (UID 7 BODY[]<0> NIL)\r\n")), None),
        (b"* OK\r\n", (*USUAL, (b"BODY", b"* 1 FETCH (UID 8 BODY[]<0> {2}\r\nab)\r\n")), None),
    ],
)
def test_broken_answers_are_told_by_a_code_and_take_no_mail(
    in_house: House, greeting: bytes, answers: tuple[tuple[bytes, bytes], ...], reason: str | None
) -> None:
    with Script(answers, greeting) as script:
        mailbox = script.mailbox()
        fetcher = in_house.fetcher(mailbox, opening_of(mailbox))
        told = None
        try:
            with closing(opening_of(mailbox)()) as session:
                fetcher.round(session, threading.Event())
        except MailboxFault as fault:
            told = fault.reason
    assert told == reason
    assert in_house.road.records == []


def test_a_server_that_says_nothing_any_more_is_left_after_a_while(in_house: House) -> None:
    with Script((CAPABLE, LISTED, SELECTED, (b"SEARCH", b"STALL"))) as script:
        mailbox = script.mailbox()
        session = opening_of(mailbox, answer_seconds=0.3)()
        began = time.monotonic()
        with pytest.raises(MailboxFault, match="connection-lost"):
            session.waiting(None)
        session.close()
    assert time.monotonic() - began < 10


def test_a_server_that_refuses_every_move_is_asked_with_pauses_and_its_mail_is_one_report(in_house: House) -> None:
    body = b"From: obcan@example.test\r\n\r\nahoj"
    fetched = b"* 1 FETCH (UID 7 BODY[]<0> {%d}\r\n%s)\r\n" % (len(body), body)
    with Script((*USUAL, (b"BODY", fetched), (b"MOVE", b"CLOSE"))) as script:
        mailbox = script.mailbox()
        fetcher = in_house.fetcher(mailbox, opening_of(mailbox), pauses=Pauses(first=0.2, longest=0.2))
        stop = threading.Event()
        thread = threading.Thread(target=fetcher.run, args=(stop,))
        began = time.monotonic()
        thread.start()
        while script.connections < 4 and time.monotonic() - began < 20:
            stop.wait(0.02)
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    assert time.monotonic() - began > 0.5
    assert len(in_house.road.reports) == 1
