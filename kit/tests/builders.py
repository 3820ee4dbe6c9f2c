"""What the tests of the kit share."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Row:
    name: str
    partitions: int = 3
    retention: timedelta | None = timedelta(days=1)
    compacted: bool = False
    readers: tuple[str, ...] = ("reader",)

    def dead_letters(self, reader: str) -> str:
        return f"{self.name}.{reader}.dead"


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        threading.Event().wait(0.02)
