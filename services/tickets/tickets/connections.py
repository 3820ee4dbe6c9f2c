"""What one HTTP connection may cost: uvicorn bounds neither how long a request may take to come in, nor how many connections wait.

Decision 0022. A request that drips in is ended, a reader who does not read is ended, and where all places are taken whoever has been
waiting longest without a whole request makes room: people who work are never the ones.
"""

import asyncio
import logging
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

logger = logging.getLogger(__name__)


class GuardedProtocol(H11Protocol):
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

    def handle_events(self) -> None:
        """After each piece that came: is the request whole?"""
        super().handle_events()
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            self._request_is_whole()

    def on_response_complete(self) -> None:
        """The next request may come."""
        if not self.transport.is_closing() and self._request_end is None:
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
