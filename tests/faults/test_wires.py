"""The wire does to a connection what it says."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from deploy.local.ports import HOST, free_ports
from tests.faults.wires import Mode, Wire, Wires, wired


@contextmanager
def echo() -> Iterator[tuple[Wires, int]]:
    """A server that says what it hears, behind a wire; the wire's port."""
    here, there = free_ports(2)
    with socket.create_server((HOST, there)) as server, wired({"echo-1": Wire(here, there)}) as wires:

        def serve() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=say_it_again, args=(line,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield wires, here
        server.shutdown(socket.SHUT_RDWR)


def say_it_again(line: socket.socket) -> None:
    with line, suppress(ConnectionResetError):
        while piece := line.recv(100):
            line.sendall(piece)


def connected(port: int) -> socket.socket:
    line = socket.create_connection((HOST, port), timeout=5)
    try:
        line.sendall(b"one")
        assert line.recv(100) == b"one"
    except OSError:
        line.close()
        raise
    return line


def test_a_stalled_wire_keeps_what_is_said_until_it_moves_again() -> None:
    with echo() as (wires, port), connected(port) as line:
        wires.become("echo", Mode.STALL)
        line.sendall(b"two")
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            line.recv(100)
        wires.become("echo", Mode.PASS)
        line.settimeout(5)
        assert line.recv(100) == b"two"


def test_a_cut_wire_resets_what_is_open_and_takes_nothing_new() -> None:
    with echo() as (wires, port), connected(port) as line:
        wires.become("echo", Mode.CUT)
        with pytest.raises(ConnectionResetError):
            line.recv(100)
        with pytest.raises(ConnectionResetError):
            connected(port)
        wires.become("echo", Mode.PASS)
        connected(port).close()


def test_a_half_closed_wire_says_the_last_word_to_the_client_alone() -> None:
    with echo() as (wires, port), connected(port) as line:
        wires.become("echo", Mode.HALF_CLOSE)
        assert line.recv(100) == b""
        line.sendall(b"still listening?")
        connected(port).close()
