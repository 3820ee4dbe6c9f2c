"""Read by Python at the start of a process whose clock can be set (`PYTHONPATH`).

libfaketime 0.9.10 leaves the monotonic clock alone when asked to, but then refuses to sleep until a moment of it, which is how
Python sleeps. Waiting for nothing takes as long.
"""

import select
import time


def _sleep(seconds: float, /) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep  # type: ignore[assignment]
