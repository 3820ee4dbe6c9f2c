"""A record of the broker as handlers see it, and a record to be published."""

from collections.abc import Mapping
from dataclasses import dataclass, field


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
