"""Tells the outcomes of deliveries on their topic, at least once: what the store says is finished and not told yet."""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from kit.messages import Pace, Record
from notifier.deliveries import Delivery
from notifier.events import record_of
from notifier.keeping import DatabaseAway, DeliveryStore

LOOK_SECONDS, SHORTEST_PAUSE, LONGEST_PAUSE = 5.0, 0.5, 10.0
MOST_AT_ONCE = 200
_REMEMBERED = 5_000

logger = logging.getLogger(__name__)


class Publisher(Protocol):
    """What is needed of the producer."""

    def publish_all(self, records: Sequence[Record]) -> list[bool]:
        """Waits for all; False for each record that the broker did not confirm."""


class Teller:
    """What was finished here is told from memory; a slow look into the store finds what another left untold."""

    def __init__(self, store: DeliveryStore, publisher: Publisher) -> None:
        self._store, self._publisher = store, publisher
        self._finished: list[Delivery] = []
        # What was published lately: the look may find what is being told from memory, or the other way round.
        self._published: dict[tuple[UUID, int], None] = {}
        self._news = asyncio.Event()
        self._away: str | None = None

    def add(self, delivery: Delivery) -> None:
        """It has been noted that this delivery is finished."""
        if delivery.untold:
            self._finished.append(delivery)
            self._news.set()

    def check(self) -> str | None:
        """Readiness: None while outcomes can be told."""
        return self._away

    async def run(self) -> None:
        """Tells for ever."""
        pause, looked, pace = SHORTEST_PAUSE, 0.0, Pace()
        while True:
            self._news.clear()
            finished, self._finished = self._finished, []
            look = time.monotonic() - looked > LOOK_SECONDS or self._away is not None
            try:
                told_all = await asyncio.to_thread(self.tell, finished, look=look)
                self._away = None if told_all else "broker-away"
            except DatabaseAway:
                self._away = "database-away"
            if self._away is None:
                pause, looked = SHORTEST_PAUSE, time.monotonic() if look else looked
                await wait(self._news, LOOK_SECONDS)
                pace.add(len(finished), time.monotonic())
                await asyncio.sleep(pace.gather_seconds)
            else:
                pause = min(pause * 2, LONGEST_PAUSE)
                await asyncio.sleep(pause)

    def tell(self, finished: Sequence[Delivery], *, look: bool) -> bool:
        """Publishes these, and what else the store holds untold; False where the broker did not confirm all of it.

        Raises DatabaseAway. What could not be told is found by the next look.
        """
        if not self._told(finished):
            return False
        while look and (untold := self._store.untold(MOST_AT_ONCE)):
            if not self._told(untold):
                return False
        return True

    def _told(self, finished: Sequence[Delivery]) -> bool:
        if not finished:
            return True
        fresh = [delivery for delivery in finished if _name(delivery) not in self._published]
        confirmed = self._publisher.publish_all([record_of(delivery) for delivery in fresh]) if fresh else []
        safe = [delivery for delivery, done in zip(fresh, confirmed, strict=True) if done]
        self._published |= {_name(delivery): None for delivery in safe}
        for name in list(self._published)[:-_REMEMBERED]:
            del self._published[name]
        # A crash between the two repeats them under the same ids.
        self._store.told([delivery.id for delivery in finished if _name(delivery) in self._published])
        if not all(confirmed):
            logger.warning("outcomes_not_confirmed", extra={"count": confirmed.count(False)})
        return all(confirmed)


def _name(delivery: Delivery) -> tuple[UUID, int]:
    """An operator's retry is another fact."""
    return delivery.id, delivery.retries


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Until the event comes, but no longer than so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
