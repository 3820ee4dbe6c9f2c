"""How many mails are with the relay at once: in all, and of one lane, so that one slow domain leaves room for the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Wire:
    """Places at the relay. What waits for a place of its lane holds none of the others."""

    total: int = 16
    lane: int = 12
    _lanes: dict[str, asyncio.Semaphore] = field(default_factory=dict)
    _users: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._all = asyncio.Semaphore(self.total)

    @asynccontextmanager
    async def place(self, lane: str) -> AsyncIterator[None]:
        """A place for one mail."""
        self._users[lane] = self._users.get(lane, 0) + 1
        try:
            async with self._lanes.setdefault(lane, asyncio.Semaphore(self.lane)), self._all:
                yield
        finally:
            self._users[lane] -= 1
            if not self._users[lane]:
                # A town writes to thousands of domains; those of the moment are few.
                del self._users[lane], self._lanes[lane]
