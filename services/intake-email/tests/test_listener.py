"""The SMTP edge over real sockets on the loopback: what a relay, a citizen's provider and an attacker may meet."""

import asyncio
import logging
import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from intake_email import listener
from intake_email.handlers import Accepted, Answer, Mail, TryLater
from intake_email.limits import Limits, read_networks
from intake_email.listener import Door
from intake_email.listener_options import ListenerOptions, tls_context
from intake_email.recipients import AddressBook
from intake_email.settings import Settings
from intake_email.wiring import listener_options

from .builders import ADDRESS, CITIZEN, TICKET, message

BOOK = AddressBook.read("podatelna@lipovany.test=lipovany,mesto@hora.test=hora")


class Inside:
    """Stands for the intake behind the door."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.answer: Answer = Accepted((TICKET,))
        self.room = True
        self.listening = False
        self.fault: Exception | None = None
        self.waits: threading.Event | None = None

    def has_room(self) -> bool:
        return self.room

    async def take(self, mail: Mail) -> Answer:
        self.mails.append(mail)
        if self.fault is not None:
            raise self.fault
        if self.waits is not None:
            await asyncio.to_thread(self.waits.wait, 10)
        return self.answer


@contextmanager
def house(
    inside: Inside | None = None, *, limits: Limits | None = None, **options: Any
) -> Iterator[tuple[int, Inside, threading.Event]]:
    """A listener in a thread of its own; gives its port, what is inside, and the event that stops it."""
    inside = inside or Inside()
    stop, started = threading.Event(), threading.Event()
    ports: list[int] = []

    def tell(port: int) -> None:
        ports.append(port)
        inside.listening = port > 0
        started.set()

    async def run() -> None:
        told: dict[str, Any] = {
            "name": "mx.lipovany.test",
            "size_limit": 1024 * 1024,
            "idle_seconds": 30,
            "data_seconds": 30,
        }
        trusted = Limits(100, 100, 10_000, read_networks("127.0.0.0/8"))
        door = Door(inside, BOOK, limits or trusted, ListenerOptions(**{**told, **options}))  # type: ignore[arg-type]
        await listener.serve(door, "127.0.0.1:0", stop, tell, patience=5)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield ports[0], inside, stop
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def client(port: int) -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", port, timeout=10)


class Raw:
    """A peer that says exactly these bytes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.file = self.socket.makefile("rb")
        self.greeting = self.line()

    def line(self) -> bytes:
        return self.file.readline().rstrip()

    def reply(self) -> bytes:
        while True:
            line = self.line()
            if line[3:4] != b"-":
                return line

    def say(self, content: bytes) -> bytes:
        self.socket.sendall(content)
        return self.reply()

    def until_data(self, *, sender: str = f"<{CITIZEN}>", recipient: str = f"<{ADDRESS}>") -> "Raw":
        assert self.say(b"EHLO x\r\n").startswith(b"250")
        assert self.say(f"MAIL FROM:{sender}\r\n".encode()).startswith(b"250")
        assert self.say(f"RCPT TO:{recipient}\r\n".encode()).startswith(b"250")
        assert self.say(b"DATA\r\n").startswith(b"354")
        return self

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()


def eventually(true: Callable[[], bool], within: float = 5.0) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.01)


def test_a_mail_is_taken_and_answered_with_its_report() -> None:
    with house() as (port, inside, _), client(port) as smtp:
        smtp.ehlo("mx.example.test")
        smtp.mail(CITIZEN)
        smtp.rcpt("podatelna+A1.rabc@Lipovany.test")
        code, text = smtp.data(message("tecka\r\n.na zacatku\r\n..dve\r\n"))
        assert (code, text.decode()) == (250, f"2.0.0 OK {TICKET}")
        [mail] = inside.mails
        assert mail.raw == message("tecka\r\n.na zacatku\r\n..dve\r\n")
        assert mail.sender == CITIZEN
        [(address, recipient)] = mail.recipients
        assert address == "podatelna+A1.rabc@Lipovany.test"
        assert (recipient.municipality, recipient.tag) == ("lipovany", "a1.rabc")
        assert (mail.peer, mail.hello, mail.tls) == ("127.0.0.1", "mx.example.test", False)


def test_several_mails_come_over_one_connection() -> None:
    with house() as (port, inside, _), client(port) as smtp:
        for number in range(5):
            assert smtp.sendmail(CITIZEN, [ADDRESS], message(str(number))) == {}
        assert [mail.raw for mail in inside.mails] == [message(str(number)) + b"\r\n" for number in range(5)]


def test_what_is_offered_is_the_size_and_eight_bits_and_no_log_in() -> None:
    with house() as (port, _, _stop), client(port) as smtp:
        smtp.ehlo()
        assert smtp.esmtp_features["size"] == str(1024 * 1024)
        assert "8bitmime" in smtp.esmtp_features
        assert "smtputf8" in smtp.esmtp_features
        assert not {"auth", "starttls"} & set(smtp.esmtp_features)


def test_help_offers_no_log_in_either() -> None:
    with house() as (port, _, _stop), Raw(port) as peer:
        peer.say(b"EHLO x\r\n")
        offered = peer.say(b"HELP\r\n")
        assert b"MAIL" in offered
        assert b"AUTH" not in offered
        assert peer.say(b"AUTH PLAIN AGEAYg==\r\n").startswith(b"500")


def test_unknown_addresses_are_refused_clearly_and_known_ones_beside_them_taken() -> None:
    with house() as (port, inside, _), client(port) as smtp:
        refused = smtp.sendmail(CITIZEN, ["nikdo@lipovany.test", "mesto@hora.test"], message())
        code, text = refused["nikdo@lipovany.test"]
        assert code == 550
        assert text.startswith(b"5.1.1 Tato adresa u nas neexistuje")
        assert [recipient.municipality for _, recipient in inside.mails[0].recipients] == ["hora"]


def test_who_tries_many_addresses_is_sent_away() -> None:
    with house() as (port, _, _stop), Raw(port) as peer:
        peer.say(b"EHLO x\r\n")
        peer.say(b"MAIL FROM:<a@example.test>\r\n")
        answers = [peer.say(b"RCPT TO:<nikdo%d@lipovany.test>\r\n" % number)[:3] for number in range(20)]
        assert answers == [b"550"] * 19 + [b"421"]
        assert peer.line() == b""


def test_more_than_a_hundred_recipients_come_in_another_mail() -> None:
    with house() as (port, _, _stop), Raw(port) as peer:
        peer.say(b"EHLO x\r\n")
        peer.say(b"MAIL FROM:<a@example.test>\r\n")
        answers = [peer.say(b"RCPT TO:<podatelna+%d@lipovany.test>\r\n" % number)[:9] for number in range(101)]
        assert answers == [b"250 2.1.5"] * 100 + [b"452 4.5.3"]


def test_the_postmaster_is_reached_also_without_a_domain() -> None:
    with house() as (port, inside, _), Raw(port).until_data(recipient="<postmaster>") as peer:
        assert peer.say(message() + b"\r\n.\r\n").startswith(b"250")
        assert inside.mails[0].recipients[0][1].municipality == "lipovany"


def test_the_null_sender_is_taken() -> None:
    with house() as (port, inside, _), Raw(port).until_data(sender="<>") as peer:
        assert peer.say(message() + b"\r\n.\r\n").startswith(b"250")
        assert inside.mails[0].sender == ""


def test_a_mail_over_the_limit_is_refused_by_its_declared_size() -> None:
    with house() as (port, _, _stop), client(port) as smtp:
        smtp.ehlo()
        code, text = smtp.mail(CITIZEN, [f"SIZE={1024 * 1024 + 1}"])
        assert code == 552
        assert text.startswith(b"5.3.4 Zprava je vetsi nez 1 MB.")


def test_a_mail_over_the_limit_is_refused_after_its_end_and_the_connection_goes_on() -> None:
    with house() as (port, inside, _), Raw(port).until_data() as peer:
        answer = peer.say(b"x" * 3_000_000 + b"\r\n.\r\n")
        assert answer.startswith(b"552 5.3.4 Zprava je vetsi nez 1 MB.")
        peer.until_data()
        assert peer.say(message() + b"\r\n.\r\n").startswith(b"250")
        assert len(inside.mails) == 1


def test_the_reason_has_its_diacritics_where_the_sender_can_read_them() -> None:
    with house() as (port, _, _stop), Raw(port) as peer:
        peer.say(b"EHLO x\r\n")
        answer = peer.say(f"MAIL FROM:<občan@example.test> SMTPUTF8 SIZE={2 * 1024 * 1024}\r\n".encode())
        assert answer.decode().startswith("552 5.3.4 Zpráva je větší než 1 MB.")


def test_the_greatest_allowed_mail_is_taken_whole() -> None:
    raw = b"Subject: x\r\n\r\n" + b"y" * (1024 * 1024 - 14)
    with house() as (port, inside, _), Raw(port).until_data() as peer:
        assert peer.say(raw + b"\r\n.\r\n").startswith(b"552")
        peer.until_data()
        assert peer.say(raw[:-2] + b"\r\n.\r\n").startswith(b"250")
        assert inside.mails[0].raw == raw[:-2] + b"\r\n"


@pytest.mark.parametrize(
    "content",
    [
        b"a\n.\nb",
        b"a\r\n.\nMAIL FROM:<x@y>\nb",
        b"a\n.\r\nMAIL FROM:<x@y>\r\nb",
        b"a\r.\rb",
        b"a\r\n.\rb",
        b"a\r.\r\nb",
        b"a\x00\r\n\x00.\r\nb",
        b"a\r\n..\r\nb",
        b"\r\r\n.\n\r\n",
    ],
)
def test_no_other_bytes_than_the_one_end_end_a_message(content: bytes) -> None:
    with house() as (port, inside, _), Raw(port).until_data() as peer:
        assert peer.say(content + b"\r\n.\r\n").startswith(b"250")
        assert len(inside.mails) == 1
        assert inside.mails[0].raw == content.replace(b"\r\n.", b"\r\n") + b"\r\n"
        assert peer.say(b"NOOP\r\n").startswith(b"250")


def test_the_end_is_found_however_the_bytes_are_cut() -> None:
    content = message("x" * 50) + b"\r\n.\r\n"
    with house() as (port, inside, _), Raw(port) as peer:
        for cut in range(len(content) - 8, len(content)):
            peer.until_data()
            peer.socket.sendall(content[:cut])
            threading.Event().wait(0.02)
            assert peer.say(content[cut:]).startswith(b"250")
        assert all(mail.raw == content[:-3] for mail in inside.mails)


def test_a_message_of_the_end_alone_is_empty() -> None:
    with house() as (port, inside, _), Raw(port).until_data() as peer:
        assert peer.say(b".\r\n").startswith(b"250")
        assert inside.mails[0].raw == b""


def test_commands_sent_behind_the_end_are_answered() -> None:
    with house() as (port, inside, _), Raw(port).until_data() as peer:
        assert peer.say(message() + b"\r\n.\r\nNOOP\r\nQUIT\r\n").startswith(b"250 2.0.0")
        assert peer.line().startswith(b"250")
        assert peer.line().startswith(b"221")
        assert len(inside.mails) == 1


def test_lines_of_any_length_and_nul_and_eight_bit_bytes_come_through() -> None:
    raw = message(b"x" * 700_000 + b"\x00\xff\xfe\n" + bytes(range(256)).replace(b"\r", b"").replace(b"\n", b""))
    with house() as (port, inside, _), Raw(port).until_data() as peer:
        assert peer.say(raw + b"\r\n.\r\n").startswith(b"250")
        assert inside.mails[0].raw == raw + b"\r\n"


def test_addresses_of_all_alphabets_are_taken() -> None:
    with house() as (port, inside, _), Raw(port) as peer:
        peer.say(b"EHLO x\r\n")
        assert peer.say("MAIL FROM:<občan@příklad.test> BODY=8BITMIME SMTPUTF8\r\n".encode()).startswith(b"250")
        assert peer.say(b"RCPT TO:<podatelna@lipovany.test>\r\n").startswith(b"250")
        peer.say(b"DATA\r\n")
        assert peer.say("Subject: Výmol\r\n\r\nč\r\n.\r\n".encode()).startswith(b"250")
        assert inside.mails[0].sender == "občan@příklad.test"
        assert inside.mails[0].options == ("BODY=8BITMIME", "SMTPUTF8")


def test_an_address_that_is_no_unicode_can_be_stored() -> None:
    with house() as (port, inside, _), Raw(port).until_data(sender="<obcan@example.test>") as peer:
        peer.say(message() + b"\r\n.\r\n")
        peer.say(b"MAIL FROM:<ob\xe8an@example.test>\r\n")
        assert peer.say(b"RCPT TO:<podatelna@lipovany.test>\r\n").startswith(b"250")
        peer.say(b"DATA\r\n")
        assert peer.say(message() + b"\r\n.\r\n").startswith(b"250")
        sender = inside.mails[1].sender
        assert sender is not None
        sender.encode()


@pytest.mark.parametrize(
    ("reason", "status"), [("store-away", b"451 4.3.0"), ("broker-away", b"451 4.3.0"), ("busy", b"451 4.3.2")]
)
def test_what_cannot_be_registered_is_asked_for_again(reason: str, status: bytes) -> None:
    with house() as (port, inside, _), Raw(port).until_data() as peer:
        inside.answer = TryLater(reason)
        assert peer.say(message() + b"\r\n.\r\n").startswith(status)


def test_a_full_house_refuses_before_the_content_comes() -> None:
    with house() as (port, inside, _), Raw(port) as peer:
        inside.room = False
        peer.say(b"EHLO x\r\n")
        assert peer.say(b"MAIL FROM:<a@example.test>\r\n").startswith(b"451 4.3.2")


def test_a_fault_inside_is_answered_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with house() as (port, inside, _), Raw(port).until_data() as peer:
        inside.fault = ValueError("kanarek7391")
        answer = peer.say(message() + b"\r\n.\r\n")
        assert answer.startswith(b"451 4.3.0")
        assert b"kanarek" not in answer
        assert peer.say(b"NOOP\r\n").startswith(b"250")
    assert any(record.getMessage() == "smtp_failed" for record in caplog.records)


def test_too_many_connections_of_one_peer_are_refused() -> None:
    with house(limits=Limits(10, 1, 100)) as (port, _, _stop), Raw(port), Raw(port) as second:
        assert second.greeting.startswith(b"421 4.7.0")


def test_a_closed_connection_makes_room_for_another() -> None:
    limits = Limits(10, 1, 100)
    with house(limits=limits) as (port, _, _stop):
        for _ in range(5):
            with Raw(port) as peer:
                peer.say(b"EHLO x\r\n")
            eventually(lambda: limits.open_connections == 0)


def test_too_many_mails_in_a_minute_are_put_off() -> None:
    with house(limits=Limits(10, 10, 2)) as (port, _, _stop), Raw(port) as peer:
        peer.say(b"EHLO x\r\n")
        answers = []
        for _ in range(3):
            answers.append(peer.say(b"MAIL FROM:<a@example.test>\r\n")[:3])
            peer.say(b"RSET\r\n")
        assert answers == [b"250", b"250", b"450"]


def test_a_silent_peer_is_sent_away() -> None:
    with house(idle_seconds=0.2) as (port, _, _stop), Raw(port) as peer:
        assert peer.line().startswith(b"421 4.4.2")
        assert peer.line() == b""


def test_a_session_ends_however_busy_its_peer_keeps_it() -> None:
    with house(session_seconds=0.3, commands_without_mail=10**9) as (port, _, _stop), Raw(port) as peer:
        answer, deadline = b"250", time.monotonic() + 10
        while answer.startswith(b"250") and time.monotonic() < deadline:
            answer = peer.say(b"NOOP\r\n")
        assert answer.startswith(b"421 4.4.2")


def test_a_mail_that_is_coming_in_when_the_session_ends_is_still_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, over, end = Inside(), threading.Event(), listener.Connection._end_session
    inside.waits = threading.Event()

    def ended(connection: listener.Connection) -> None:
        end(connection)
        over.set()

    monkeypatch.setattr(listener.Connection, "_end_session", ended)
    with house(inside, session_seconds=1) as (port, _, _stop), Raw(port).until_data() as peer:
        peer.socket.sendall(message() + b"\r\n.\r\n")
        assert over.wait(10)
        inside.waits.set()
        assert peer.line().startswith(b"250 2.0.0")
        assert peer.line().startswith(b"421 4.4.2")
        assert peer.line() == b""


def test_who_gives_commands_but_no_mail_is_sent_away() -> None:
    with house(commands_without_mail=10) as (port, _, _stop), Raw(port) as peer:
        answers = [peer.say(b"RSET\r\n")[:9] for _ in range(11)]
        assert answers[:10] == [b"250 OK"] * 10
        assert answers[10] == b"421 4.7.0"
        assert peer.line() == b""


def test_who_brings_mail_may_give_as_many_commands_as_it_takes() -> None:
    with house(commands_without_mail=5) as (port, inside, _), client(port) as smtp:
        many = [f"podatelna+{number}@lipovany.test" for number in range(20)]
        for number in range(5):
            assert smtp.sendmail(CITIZEN, many, message(str(number))) == {}
        assert len(inside.mails) == 5


def test_content_that_drips_is_cut_off() -> None:
    with house(data_seconds=0.3) as (port, inside, _), Raw(port).until_data() as peer:
        peer.socket.sendall(b"Subject: x")
        assert peer.line().startswith(b"421 4.4.2")
        assert inside.mails == []


def test_a_peer_that_hangs_up_in_the_middle_leaves_nothing() -> None:
    limits = Limits(10, 10, 100)
    with house(limits=limits) as (port, inside, _):
        with Raw(port).until_data() as peer:
            peer.socket.sendall(b"Subject: x\r\n\r\nhalf")
        eventually(lambda: limits.open_connections == 0)
        assert inside.mails == []


def test_without_memory_for_its_content_a_mail_is_put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "_CONTENTS", 0)
    with house() as (port, inside, _), Raw(port).until_data() as peer:
        assert peer.say(message() + b"\r\n.\r\n").startswith(b"451 4.3.2")
        assert peer.say(b"NOOP\r\n").startswith(b"250")
        assert inside.mails == []


def test_memory_for_contents_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "_CONTENTS", 1)
    with house() as (port, inside, _), Raw(port) as peer:
        for content in (b"x" * 900_000, b"x" * 1_200_000, b"x" * 900_000, b"x"):
            peer.until_data()
            peer.say(content + b"\r\n.\r\n")
        assert [len(mail.raw) for mail in inside.mails] == [900_002, 900_002, 3]


def test_commands_out_of_order_are_refused() -> None:
    with house() as (port, _, _stop), Raw(port) as peer:
        assert peer.say(b"MAIL FROM:<a@example.test>\r\n").startswith(b"503")
        assert peer.say(b"EHLO x\r\n").startswith(b"250")
        assert peer.say(b"DATA\r\n").startswith(b"503")
        assert peer.say(b"MAIL FROM:<a@example.test>\r\n").startswith(b"250")
        assert peer.say(b"DATA\r\n").startswith(b"503")
        assert peer.say(b"RCPT TO:<podatelna@lipovany.test>\r\n").startswith(b"250")
        assert peer.say(b"DATA now\r\n").startswith(b"501")
        assert peer.say(b"MAIL FROM:<a@example.test> SIZE=\xc2\xb2\r\n")[:1] in b"45"
        assert peer.say(b"AUTH PLAIN AGEAYg==\r\n")[:1] == b"5"
        assert peer.say(b"X" * 5_000 + b"\r\n").startswith(b"500")
        assert peer.say(b"NOOP\r\n").startswith(b"250")


def test_an_idle_peer_hears_that_the_service_stops() -> None:
    with house() as (port, _, stop), Raw(port) as peer:
        assert peer.say(b"EHLO x\r\n").startswith(b"250")
        stop.set()
        assert peer.line().startswith(b"421 4.3.2")
        assert peer.line() == b""


def test_who_waits_for_an_answer_gets_it_before_the_service_stops() -> None:
    inside = Inside()
    inside.waits = threading.Event()
    with house(inside) as (port, _, stop), Raw(port).until_data() as peer:
        peer.socket.sendall(message() + b"\r\n.\r\n")
        eventually(lambda: len(inside.mails) == 1)
        stop.set()
        eventually(lambda: not inside.listening)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        inside.waits.set()
        assert peer.line().startswith(b"250 2.0.0")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate of this machine's own and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = str(folder / "certificate.pem"), str(folder / "key.pem")
    if shutil.which("openssl") is None and os.environ.get("CI") != "true":
        pytest.skip("no openssl to make a certificate with")
    asked = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 1"
    subprocess.run([*asked.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def _trusting(certificate: tuple[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificate[0])
    context.check_hostname = False
    return context


def test_mail_comes_over_tls_where_there_is_a_certificate(certificate: tuple[str, str]) -> None:
    limits = Limits(10, 10, 100)
    with house(tls=tls_context(*certificate), limits=limits) as (port, inside, _):
        with client(port) as smtp:
            smtp.starttls(context=_trusting(certificate))
            assert smtp.sendmail(CITIZEN, [ADDRESS], message()) == {}
            assert "starttls" not in smtp.esmtp_features
            assert "auth" not in smtp.esmtp_features
        assert inside.mails[0].tls
        eventually(lambda: limits.open_connections == 0)


def test_a_certificate_and_its_key_may_stand_in_one_file(certificate: tuple[str, str], tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_text(Path(certificate[1]).read_text() + Path(certificate[0]).read_text())
    with house(tls=listener_options(settings_with(both)).tls) as (port, _, _), client(port) as smtp:
        smtp.starttls(context=_trusting(certificate))


def settings_with(certificate: Path) -> Settings:
    return Settings(smtp_tls_certificate=certificate)


def test_commands_sent_in_clear_behind_starttls_are_thrown_away(certificate: tuple[str, str]) -> None:
    with house(tls=tls_context(*certificate)) as (port, inside, _), Raw(port) as peer:
        assert peer.say(b"EHLO x\r\n").startswith(b"250")
        smuggled = f"EHLO evil\r\nMAIL FROM:<zly@example.test>\r\nRCPT TO:<{ADDRESS}>\r\n".encode()
        assert peer.say(b"STARTTLS\r\n" + smuggled).startswith(b"220")
        with _trusting(certificate).wrap_socket(peer.socket, server_hostname="localhost") as safe:
            safe.sendall(b"EHLO good\r\nDATA\r\n")
            with safe.makefile("rb") as answers:
                while answers.readline()[3:4] == b"-":
                    pass
                assert answers.readline().startswith(b"503")
        assert inside.mails == []


def test_tls_is_not_offered_without_a_certificate() -> None:
    with house() as (port, _, _stop), Raw(port) as peer:
        peer.say(b"EHLO x\r\n")
        assert peer.say(b"STARTTLS\r\n").startswith((b"454", b"500", b"502"))


def test_no_address_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    from kit.logs import JsonFormatter

    caplog.set_level(logging.DEBUG)
    with house() as (port, _, _stop), client(port) as smtp:
        smtp.sendmail("kanarek7391@example.test", [ADDRESS], message("kanarek7391"))
        smtp.docmd("VRFY", "kanarek7391")
        smtp.docmd("KANAREK7391 x")
    formatter = JsonFormatter("intake-email", "1")
    lines = [formatter.format(record) for record in caplog.records]
    assert lines
    assert not [line for line in lines if "kanarek7391" in line.lower()]
