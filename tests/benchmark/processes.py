"""What the system's processes cost, read from /proc."""

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")

# Of one core, all processes together: what servers without work take, and some more.
AT_REST = 0.4


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far (proc(5): stat, fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_megabytes(pid: int) -> float:
    """Resident memory (proc(5): statm, field 2)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1_000_000


class Meter:
    """CPU seconds of named processes between its making and `spent`."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        self._begun = {name: cpu_seconds(pid) for name, pid in self._pids.items()}

    def spent(self) -> dict[str, float]:
        """Seconds by process."""
        return {name: cpu_seconds(pid) - self._begun[name] for name, pid in self._pids.items()}


def wait_for_rest(pids: Mapping[str, int], within: float = 300.0) -> None:
    """Until what was begun is worked off: the next figure is not to pay for it. Raises TimeoutError."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        meter, began = Meter(pids), time.monotonic()
        threading.Event().wait(3.0)
        if sum(meter.spent().values()) < AT_REST * (time.monotonic() - began):
            return
    raise TimeoutError("the processes find no rest")
