"""All open connections together: who waits for an answer, how much content is held in memory, how to end in order."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol


class Peer(Protocol):
    """One connection, as far as ending it goes."""

    def say_goodbye(self) -> None:
        """Tells the peer that the service stops, and closes."""

    def cut_off(self) -> None:
        """Closes without waiting for the peer."""


class Connections:
    """What all connections share. `octets`: how much content they may hold together while it comes in."""

    def __init__(self, octets: int) -> None:
        self.stopping = False
        self._octets = octets
        self._peers: set[Peer] = set()
        self._unanswered = 0
        self._empty, self._all_answered = asyncio.Event(), asyncio.Event()
        self._empty.set()
        self._all_answered.set()

    def opened(self, peer: Peer) -> None:
        """A peer has come; fine to repeat."""
        self._peers.add(peer)
        self._empty.clear()

    def closed(self, peer: Peer) -> None:
        """A peer has gone."""
        self._peers.discard(peer)
        if not self._peers:
            self._empty.set()

    def hold(self, octets: int) -> bool:
        """Takes memory for content; False where there is no more."""
        if octets > self._octets:
            return False
        self._octets -= octets
        return True

    def release(self, octets: int) -> None:
        """Gives memory back."""
        self._octets += octets

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Around what a peer waits for: the service does not stop in the midst of it."""
        self._unanswered += 1
        self._all_answered.clear()
        try:
            yield
        finally:
            self._unanswered -= 1
            if self._unanswered == 0:
                self._all_answered.set()

    async def close(self, patience: float) -> None:
        """Who waits for an answer gets it, within `patience` seconds; all others hear that it is over."""
        self.stopping = True
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_answered.wait(), patience)
        for peer in list(self._peers):
            peer.say_goodbye()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), 2)
        for peer in list(self._peers):
            peer.cut_off()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), 2)
