"""A record of the broker as handlers see it, and a record to be published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

GATHERING = ((100.0, 0.25), (20.0, 0.05), (0.0, 0.002))
"""From so many messages a second on, so many seconds are waited for others. A database is asked as often for one message as for
fifty: in a flood that decides how many come through, and a quarter of a second is nothing to those who stand in its queue."""


@dataclass(frozen=True)
class Message:
    """One record as it was read; `timestamp` in seconds since 1970."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes] = field(default_factory=dict)
    timestamp: float = 0.0

    @property
    def position(self) -> str:
        """`topic/partition/offset`: names the record among all."""
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True)
class Record:
    """One record to publish. `partition` only where it must lie beside another record; else the key decides."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes] = field(default_factory=dict)
    partition: int | None = None


def waves(messages: Sequence[Message]) -> list[list[Message]]:
    """Cuts a batch so that no wave holds two messages of one key, and a key's messages keep their order over the waves."""
    cut: list[list[Message]] = []
    seen: dict[bytes, int] = {}
    for message in messages:
        index = 0 if message.key is None else seen.get(message.key, 0)
        if message.key is not None:
            seen[message.key] = index + 1
        if index == len(cut):
            cut.append([])
        cut[index].append(message)
    return cut


@dataclass
class Pace:
    """How fast messages come, judged once a second, and how long it pays to gather them."""

    gather_seconds: float = GATHERING[-1][1]
    _since: float = 0.0
    _count: int = 0

    def add(self, count: int, now: float) -> None:
        """So many were handled; `now` in seconds of a clock that only goes on."""
        self._count += count
        if now - self._since >= 1:
            rate = self._count / (now - self._since)
            self.gather_seconds = next(seconds for least, seconds in GATHERING if rate >= least)
            self._since, self._count = now, 0
