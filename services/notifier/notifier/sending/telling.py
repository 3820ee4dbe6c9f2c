"""Tells the outcomes of deliveries on their topic, at least once: what the store says is finished and not told yet."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from kit.messages import Record
from notifier.keeping import DeliveryStore, StoreAway
from notifier.outcomes import record_of

IDLE_SECONDS, GATHER_SECONDS, LONGEST_PAUSE = 0.5, 0.03, 10.0
MOST_AT_ONCE = 200

logger = logging.getLogger(__name__)


class Publisher(Protocol):
    """What is needed of the producer."""

    def publish_all(self, records: Sequence[Record]) -> list[bool]:
        """Waits for all; False for each record that the broker did not confirm."""


class Teller:
    """`news` says that something has been finished; a slow look around finds what was missed."""

    def __init__(self, store: DeliveryStore, publisher: Publisher) -> None:
        self._store, self._publisher = store, publisher
        self.news = asyncio.Event()
        self._away: str | None = None

    def check(self) -> str | None:
        """Readiness: None while outcomes can be told."""
        return self._away

    async def run(self) -> None:
        """Tells for ever."""
        pause = IDLE_SECONDS
        while True:
            self.news.clear()
            try:
                told_all = await asyncio.to_thread(self.tell)
                self._away = None if told_all else "broker-away"
            except StoreAway:
                self._away = "database-away"
            if self._away is None:
                pause = IDLE_SECONDS
                await wait(self.news, IDLE_SECONDS)
                # What ends in the same moment is told together.
                await asyncio.sleep(GATHER_SECONDS)
            else:
                pause = min(pause * 2, LONGEST_PAUSE)
                await asyncio.sleep(pause)

    def tell(self) -> bool:
        """Publishes what is untold; False where the broker did not confirm all of it. Raises StoreAway."""
        while untold := self._store.untold(MOST_AT_ONCE):
            confirmed = self._publisher.publish_all([record_of(delivery) for delivery in untold])
            # A crash between the two repeats them under the same ids.
            self._store.told([delivery.id for delivery, safe in zip(untold, confirmed, strict=True) if safe])
            if not all(confirmed):
                logger.warning("outcomes_not_confirmed", extra={"count": confirmed.count(False)})
                return False
        return True


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Until the event comes, but no longer than so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
