"""The staff API besieged: slow requests, slow readers, thousands of connections, oversize everything. Others are served meanwhile."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from contracts.types import Confidentiality
from tickets.cases.permissions import StaffRole

from .running import RunningApi, running_api, with_cases

pytestmark = pytest.mark.integration
SECONDS = 3


@pytest.fixture(scope="module")
def besieged(servers: Mapping[str, str]) -> Iterator[RunningApi]:
    with running_api(servers, API_CONNECTIONS="200", API_REQUEST_SECONDS=str(SECONDS)) as api:
        yield with_cases(api)


def until(condition: Callable[[], Any], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen: {what}"
        threading.Event().wait(0.05)


def connected(besieged: RunningApi) -> socket.socket:
    return socket.create_connection(besieged.address, timeout=60)


def ended(connection: socket.socket) -> bool:
    """Whether the server has ended it; whatever it still said is read."""
    connection.settimeout(0.01)
    try:
        while connection.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def dripping(besieged: RunningApi, beginning: bytes, drop: bytes) -> None:
    """Sends a drop again and again until the server has enough."""
    with connected(besieged) as connection:
        connection.sendall(beginning)
        begun = time.monotonic()

        def drip() -> bool:
            try:
                connection.sendall(drop)
            except OSError:
                return True
            return ended(connection)

        until(drip, "the server has enough")
        assert time.monotonic() - begun < SECONDS + 30


def answers(besieged: RunningApi) -> None:
    token = besieged.token(StaffRole.DISPATCHER)
    with httpx.Client(base_url=besieged.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        assert client.get("/api/v1/tickets").status_code == 200
        new = {"text": "Na náměstí přetéká koš.", "channel": "phone"}
        assert client.post("/api/v1/tickets", json=new).status_code == 201


def test_headers_that_drip_are_cut_off(besieged: RunningApi) -> None:
    dripping(besieged, b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n")


def test_a_body_that_drips_is_cut_off(besieged: RunningApi) -> None:
    token = besieged.token(StaffRole.DISPATCHER)
    head = (
        f"POST /api/v1/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 100000\r\n\r\n"
    )
    dripping(besieged, head.encode(), b"x")


def test_a_connection_that_says_nothing_is_cut_off(besieged: RunningApi) -> None:
    with connected(besieged) as connection:
        until(lambda: ended(connection), "it is ended")


def test_a_reader_who_does_not_read_is_cut_off(besieged: RunningApi) -> None:
    token, report_id = besieged.token(StaffRole.DISPATCHER), besieged.report_of(Confidentiality.OPEN)
    record = besieged.database["reports"].find_one({"_id": report_id})
    assert record is not None
    besieged.objects.put(record["original"]["key"], b"x" * 20_000_000)
    ask = f"GET /api/v1/originals/{report_id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    with connected(besieged) as connection:
        connection.sendall(ask)
        assert connection.recv(1)
        # Nothing is read for longer than is granted; then there is less than was promised.
        threading.Event().wait(SECONDS + 2)
        received = 1
        try:
            while piece := connection.recv(1 << 20):
                received += len(piece)
        except ConnectionResetError:
            pass
        assert received < 20_000_000


def test_two_thousand_idle_connections_keep_nobody_out_and_cost_little(besieged: RunningApi) -> None:
    answers(besieged)
    before = besieged.resident_kilobytes()
    with ExitStack() as open_ones:
        for _ in range(2_000):
            connection = open_ones.enter_context(connected(besieged))
            try:
                connection.sendall(b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\n")
            except OSError:
                continue
        answers(besieged)
        assert besieged.resident_kilobytes() - before < 60_000
    answers(besieged)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /api/v1/me HTTP/1.1\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 200,
    ],
    ids=["path", "header", "headers", "two-lengths", "endless-length", "tls"],
)
def test_what_is_too_large_or_no_http_is_refused_and_the_connection_ends(besieged: RunningApi, request_: bytes) -> None:
    with connected(besieged) as connection:
        try:
            connection.sendall(request_)
            answer = connection.recv(65_536)
        except OSError:
            answer = b""
        assert answer[:13] in (b"", b"HTTP/1.1 400 ", b"HTTP/1.1 401 ", b"HTTP/1.1 413 ")
        until(lambda: ended(connection), "it is ended")
    answers(besieged)


def test_a_request_hidden_in_another_is_none(besieged: RunningApi) -> None:
    """RFC 9112 6.1: with both a length and chunks, chunks count; what comes behind them is a request of its own, without a token."""
    token = besieged.token(StaffRole.DISPATCHER)
    smuggled = b"GET /api/v1/tickets HTTP/1.1\r\nHost: x\r\n\r\n"
    head = f"POST /api/v1/tickets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 5\r\n"
    with connected(besieged) as connection:
        connection.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled)
        connection.settimeout(60)
        told = b""
        try:
            while piece := connection.recv(65_536):
                told += piece
        except OSError:
            pass
    assert b"200 OK" not in told


def test_requests_that_are_sent_ahead_are_answered_in_order(besieged: RunningApi) -> None:
    token = besieged.token(StaffRole.DISPATCHER)
    ask = "GET /api/v1/{} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{}\r\n"
    asked = [
        ask.format("me", token, ""),
        ask.format("nothing", token, ""),
        ask.format("me", token, "Connection: close\r\n"),
    ]
    with connected(besieged) as connection:
        connection.sendall("".join(asked).encode())
        assert re.findall(rb"HTTP/1\.1 (\d+)", everything(connection)) == [b"200", b"404", b"200"]


def test_more_requests_ahead_than_anybody_sends_end_the_connection(besieged: RunningApi) -> None:
    before = besieged.resident_kilobytes()
    with connected(besieged) as connection:
        try:
            connection.sendall(b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\n\r\n" * 20_000)
            answer = everything(connection)
        except OSError:
            answer = b""
        assert answer.count(b"HTTP/1.1 401 ") <= 32
    assert besieged.resident_kilobytes() - before < 20_000
    answers(besieged)


def test_who_asks_for_another_protocol_is_answered_in_this_one(besieged: RunningApi) -> None:
    token = besieged.token(StaffRole.DISPATCHER)
    head = f"GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    with connected(besieged) as connection:
        connection.sendall(f"{head}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n".encode())
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
    answers(besieged)


def everything(connection: socket.socket) -> bytes:
    """What the server says until it ends the connection."""
    said = b""
    while piece := connection.recv(65_536):
        said += piece
    return said
