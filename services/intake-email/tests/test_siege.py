"""The listener besieged: thousands of connections, content that drips. The town's own relay is served meanwhile."""

import resource
import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from .builders import ADDRESS, CITIZEN
from .test_service import Service, environment, mail, service

__all__ = ["environment"]
pytestmark = pytest.mark.integration
RELAY, STRANGER = "127.0.0.2", "127.0.0.1"


@pytest.fixture(scope="module")
def besieged(environment: Mapping[str, str]) -> Iterator[Service]:
    bounds = {"SMTP_TRUSTED_NETWORKS": f"{RELAY}/32", "SMTP_DATA_SECONDS": "3", "SMTP_IDLE_SECONDS": "3"}
    with service(environment, **bounds, MAIL_ANSWER_SECONDS="20") as started:
        yield started


def until(condition: Callable[[], Any], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen: {what}"
        threading.Event().wait(0.05)


def connected(besieged: Service, source: str = STRANGER) -> socket.socket:
    return socket.create_connection(("127.0.0.1", besieged.smtp), timeout=60, source_address=(source, 0))


def taken_from_the_relay(besieged: Service) -> None:
    with smtplib.SMTP("127.0.0.1", besieged.smtp, timeout=60, source_address=(RELAY, 0)) as smtp:
        smtp.sendmail(CITIZEN, [ADDRESS], mail())


def resident_kilobytes(besieged: Service) -> int:
    with open(f"/proc/{besieged.process.pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


def test_two_thousand_connections_keep_the_towns_relay_in_and_cost_little(besieged: Service) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8_192), most))
    taken_from_the_relay(besieged)
    before = resident_kilobytes(besieged)
    with ExitStack() as open_ones:
        for _ in range(2_000):
            open_ones.enter_context(connected(besieged))
        taken_from_the_relay(besieged)
        assert resident_kilobytes(besieged) - before < 60_000
    taken_from_the_relay(besieged)


def test_content_that_drips_is_cut_off_and_nothing_of_it_is_a_report(besieged: Service) -> None:
    with connected(besieged, RELAY) as connection:
        told = connection.makefile("rb")
        told.readline()
        connection.sendall(f"HELO x\r\nMAIL FROM:<{CITIZEN}>\r\nRCPT TO:<{ADDRESS}>\r\nDATA\r\n".encode())
        assert [told.readline()[:3] for _ in range(4)] == [b"250", b"250", b"250", b"354"]

        def drip() -> bool:
            try:
                connection.sendall(b"x")
                connection.settimeout(0.05)
                return connection.recv(100).startswith(b"421")
            except TimeoutError:
                return False

        until(drip, "the listener has enough")
    taken_from_the_relay(besieged)


def test_commands_that_drip_are_cut_off(besieged: Service) -> None:
    with connected(besieged, RELAY) as connection:
        connection.settimeout(60)
        assert connection.recv(200).startswith(b"220")
        connection.sendall(b"EH")
        told = b""
        while piece := connection.recv(200):
            told += piece
    assert told.startswith(b"421")


@pytest.mark.parametrize("line", [b"MAIL FROM:<" + b"a" * 10_000, b"x" * 1_000_000], ids=["command", "endless"])
def test_a_line_that_is_too_long_is_refused_and_costs_nobody_his_mail(besieged: Service, line: bytes) -> None:
    with connected(besieged, RELAY) as connection:
        connection.settimeout(60)
        assert connection.recv(200).startswith(b"220")
        connection.sendall(line + b"\r\n")
        assert connection.recv(200)[:1] in (b"4", b"5")
    taken_from_the_relay(besieged)


def test_who_only_makes_errors_is_sent_away(besieged: Service) -> None:
    with connected(besieged, RELAY) as connection:
        connection.settimeout(60)
        assert connection.recv(200).startswith(b"220")
        # All at once, as one who does not wait for answers would.
        connection.sendall(b"NONSENSE\r\n" * 200)
        told = b""
        try:
            while piece := connection.recv(65_536):
                told += piece
        except ConnectionResetError:
            pass
    assert told.count(b"\r\n") < 110
    taken_from_the_relay(besieged)
