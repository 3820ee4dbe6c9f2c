"""What one HTTP connection may cost: uvicorn bounds neither how long a request may take to come in, nor how many connections wait.

Decision 0022. A request that drips in is ended, a reader who does not read is ended, and where all places are taken whoever has been
waiting longest without a whole request makes room: people who work are never the ones. uvicorn's parser in C, which takes half the
time of the one in Python, has no bounds on headers and on requests that are sent ahead; they are here, too.
"""

import asyncio
import logging
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A header of many kilobytes is nobody's browser.
LARGEST_HEAD = 32_768
# Browsers send one request after the other; a script could fill the memory with small ones.
MOST_AHEAD = 16

logger = logging.getLogger(__name__)


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's own protocol with bounds on time and number. Its class attributes are the bounds; `guarded` sets them."""

    most_connections: ClassVar[int] = 500
    request_seconds: ClassVar[float] = 30.0
    """From the connection, or the answer before, to a whole request; from the first unread byte of an answer to its being read."""
    waiting: ClassVar[dict["GuardedProtocol", None]] = {}
    """Connections that have not brought a whole request yet, the longest-waiting first."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._request_end: asyncio.TimerHandle | None = None
        self._answer_end: asyncio.TimerHandle | None = None
        self._in_head, self._head_octets = True, 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Takes a place, somebody else's if need be."""
        super().connection_made(transport)
        self._await_request()
        if len(self.connections) > self.most_connections:
            oldest = next(iter(self.waiting))
            logger.warning("connection_ended", extra={"reason": "no-room"})
            oldest.cut_off()

    def connection_lost(self, exc: Exception | None) -> None:
        """Gives the place back."""
        self._request_is_whole()
        self._answer_is_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes what came; a head that does not end is refused."""
        was_in_head = self._in_head
        super().data_received(data)
        if was_in_head and self._in_head:
            self._head_octets += len(data)
            if self._head_octets > LARGEST_HEAD and not self.transport.is_closing():
                self._refuse("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """The body may come. What is raised here is a 400, and the end of the connection."""
        octets = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if octets > LARGEST_HEAD or len(self.pipeline) >= MOST_AHEAD:
            raise ValueError("more than anybody needs")
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole; the next one's head may come."""
        self._in_head, self._head_octets = True, 0
        super().on_message_complete()
        self._request_is_whole()

    def on_response_complete(self) -> None:
        """The next request may come, if it is not there yet."""
        ahead = bool(self.pipeline) and not self.pipeline[-1][0].more_body
        if not self.transport.is_closing() and self._request_end is None and not ahead:
            self._await_request()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The peer reads slower than we write."""
        super().pause_writing()
        if self._answer_end is None:
            self._answer_end = self.loop.call_later(self.request_seconds, self._too_slow)

    def resume_writing(self) -> None:
        """The peer has read on."""
        self._answer_is_read()
        super().resume_writing()

    def cut_off(self) -> None:
        """Ends the connection at once; nobody waits for what is still to be written."""
        self._request_is_whole()
        self.transport.abort()

    def _refuse(self, why: str) -> None:
        logger.warning("connection_ended", extra={"reason": "head-too-large"})
        self.send_400_response(why)

    def _await_request(self) -> None:
        self.waiting[self] = None
        self._request_end = self.loop.call_later(self.request_seconds, self._too_slow)

    def _request_is_whole(self) -> None:
        self.waiting.pop(self, None)
        if self._request_end is not None:
            self._request_end.cancel()
            self._request_end = None

    def _answer_is_read(self) -> None:
        if self._answer_end is not None:
            self._answer_end.cancel()
            self._answer_end = None

    def _too_slow(self) -> None:
        logger.warning("connection_ended", extra={"reason": "too-slow"})
        self.cut_off()


def guarded(most_connections: int, request_seconds: float) -> type[GuardedProtocol]:
    """The protocol with these bounds."""
    bounds = {"most_connections": most_connections, "request_seconds": request_seconds, "waiting": {}}
    return type("GuardedProtocol", (GuardedProtocol,), bounds)
