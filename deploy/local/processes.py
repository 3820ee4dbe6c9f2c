"""Processes of this machine: who is who, what is recorded about them, and how one is stopped without hitting another.

A process id alone may belong to somebody else tomorrow; an id with its start time and the machine's boot names one process
for ever. Linux only (/proc, pidfd).
"""

import json
import os
import select
import signal
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Record:
    """What is known of one started process; kept as `<name>.json` in the run directory.

    `started` counts clock ticks since the boot (field 22 of /proc/PID/stat), `since` is in seconds since 1970.
    """

    name: str
    pid: int
    started: int
    boot: str
    since: float
    restarts: int = 0


def start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since the boot; None when there is no such process, or only its remains."""
    try:
        # The second field is the program's name in brackets and may itself hold spaces and brackets.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def boot_id() -> str:
    """Names this run of the machine: start times of an earlier one mean nothing."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def memory_bytes(pid: int) -> int:
    """Resident memory; 0 when the process is gone."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0


def is_alive(record: Record) -> bool:
    """Whether exactly the recorded process still runs."""
    return record.boot == boot_id() and start_ticks(record.pid) == record.started


def write_record(directory: Path, record: Record) -> None:
    """Keep the record; a reader sees the old one or the new one, never half of one."""
    directory.mkdir(parents=True, exist_ok=True)
    fresh = directory / f"{record.name}.json.new"
    fresh.write_text(json.dumps(asdict(record)))
    fresh.replace(directory / f"{record.name}.json")


def read_records(directory: Path) -> list[Record]:
    """All records, by name. What is not a whole record (a full disk, a stray file) is passed over."""
    records = []
    for path in sorted(directory.glob("*.json")):
        with suppress(ValueError, TypeError, FileNotFoundError):
            records.append(Record(**json.loads(path.read_text())))
    return records


def remove_record(directory: Path, name: str) -> None:
    """Forget the process; fine when it is not known."""
    (directory / f"{name}.json").unlink(missing_ok=True)


def stop_recorded(record: Record, seconds: float) -> bool:
    """Ask exactly this process to end, after `seconds` end it. False when it does not run any more.

    A pidfd keeps pointing at the process it was opened for, so nothing else is hit even if it ends meanwhile.
    """
    try:
        handle = os.pidfd_open(record.pid)
    except ProcessLookupError:
        return False
    try:
        if not is_alive(record):
            return False
        ended = select.poll()
        ended.register(handle, select.POLLIN)
        for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 10.0)):
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)
            if ended.poll(patience * 1000):
                break
        return True
    finally:
        os.close(handle)
