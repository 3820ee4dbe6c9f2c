"""Notes of many deliveries in one write: the database syncs its journal once for all that came meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from notifier.deliveries import Delivery
from notifier.keeping import DatabaseAway

RETRY_SECONDS = 0.5


class Notes:
    """`write` returns when the record is safe. While one write is under way the next ones gather.

    A database that is away is waited out: what is to be noted is known here alone.
    """

    def __init__(self, write_all: Callable[[Sequence[Delivery]], Awaitable[None]]) -> None:
        self._write_all = write_all
        self._waiting: list[tuple[Delivery, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def write(self, delivery: Delivery) -> None:
        """Raises what the write raised."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._work())
        await done

    async def _work(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting, []
            try:
                await self._write_all([delivery for delivery, _ in taken])
            except DatabaseAway:
                self._waiting = taken + self._waiting
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except Exception as error:
                outcome: Exception | None = error
            else:
                outcome = None
            for _, done in taken:
                if done.done():
                    continue
                if outcome is None:
                    done.set_result(None)
                else:
                    done.set_exception(outcome)
