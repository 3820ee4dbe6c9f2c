"""A wire between the services and a server, in this process: it stalls, cuts, slows and half-closes what goes over it."""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from deploy.local.ports import HOST

PIECE = 64 * 1024
SLOW_SECONDS = 0.25


class Mode(StrEnum):
    """What the wire does with what goes over it."""

    PASS = "pass"
    STALL = "stall"
    """Nothing moves; connections stay, new ones are taken and hang."""
    CUT = "cut"
    """Every connection is reset, new ones at once."""
    SLOW = "slow"
    """Each piece a quarter of a second late."""
    HALF_CLOSE = "half-close"
    """The service hears that the server said its last word, but can go on talking to it."""


@dataclass
class Wire:
    """Listens at `here`, connects to `there`. Its coroutines run in the loop of `wired`."""

    here: int
    there: int
    mode: Mode = Mode.PASS
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _to_services: set[asyncio.StreamWriter] = field(default_factory=set)
    _half_closed: set[asyncio.StreamWriter] = field(default_factory=set)
    _moves: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None

    async def listen(self) -> None:
        """From now on, until `close`."""
        self._moves.set()
        self._server = await asyncio.start_server(self._connected, HOST, self.here, backlog=512)

    async def close(self) -> None:
        """Nobody is taken any more, and every line is reset."""
        if self._server is not None:
            self._server.close()
        self._reset_all()

    async def become(self, mode: Mode) -> None:
        """From now on."""
        self.mode = mode
        if mode == Mode.STALL:
            self._moves.clear()
        else:
            self._moves.set()
        if mode == Mode.CUT:
            self._reset_all()
        if mode == Mode.HALF_CLOSE:
            for writer in list(self._to_services):
                self._half_closed.add(writer)
                with suppress(OSError, RuntimeError):
                    writer.write_eof()

    def _reset_all(self) -> None:
        for writer in list(self._open):
            _reset(writer)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self._moves.wait()
            if self.mode == Mode.CUT:
                _reset(writer)
                return
            server_reader, server_writer = await asyncio.open_connection(HOST, self.there)
            self._open.add(server_writer)
            self._to_services.add(writer)
            try:
                await asyncio.gather(self._carry(reader, server_writer), self._carry(server_reader, writer))
            finally:
                self._open.discard(server_writer)
                self._to_services.discard(writer)
                self._half_closed.discard(writer)
                server_writer.close()
        except (OSError, asyncio.CancelledError):
            # Cancelled at the end of all wires; asyncio complains about a connection's task that says so.
            writer.transport.abort()
        finally:
            self._open.discard(writer)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE):
            await self._moves.wait()
            if self.mode == Mode.SLOW:
                await asyncio.sleep(SLOW_SECONDS)
            if writer in self._half_closed:
                # The service was told that the server has said its last word.
                continue
            writer.write(piece)
            await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """RST instead of FIN: nobody may take it for an orderly end."""
    at_once = struct.pack("ii", 1, 0)
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()


class Wires:
    """All wires of a town, by the server's name; usable from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wires: dict[str, Wire]) -> None:
        self._loop, self._wires = loop, wires

    def become(self, name: str, mode: Mode) -> None:
        """Every wire of that name, also `name-1`, `name-2` and so on."""
        for own, wire in self._wires.items():
            if own == name or own.startswith(f"{name}-"):
                asyncio.run_coroutine_threadsafe(wire.become(mode), self._loop).result(10)


@contextmanager
def wired(wires: dict[str, Wire]) -> Iterator[Wires]:
    """The wires at work in a thread of their own, until the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="wires", daemon=True)
    thread.start()
    try:
        for wire in wires.values():
            asyncio.run_coroutine_threadsafe(wire.listen(), loop).result(10)
        yield Wires(loop, wires)
    finally:
        for wire in wires.values():
            asyncio.run_coroutine_threadsafe(wire.close(), loop).result(10)
        asyncio.run_coroutine_threadsafe(_end_others(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _end_others() -> None:
    await _cancelled(_others())
    # The transports close in the turns that follow, and tell nobody.
    await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=0.1)
    await _cancelled(_others())


def _others() -> "set[asyncio.Task[Any]]":
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


async def _cancelled(tasks: "set[asyncio.Task[Any]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
