"""`make faults`: everything that can fail fails, one after the other, under load; then everything is counted from outside.

It runs in the background and keeps a record: asked again it tells how far it is, or goes on where it stopped.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from deploy.local.places import HOME, PROJECT
from deploy.local.processes import Record as Process
from deploy.local.processes import boot_id, is_alive, read_records, remove_record, start_ticks, write_record
from tests.faults.faults import EVERYTHING, in_random_order
from tests.faults.record import Record
from tests.faults.report import report
from tests.faults.storm import Plan, Storm, by_name, is_well
from tests.faults.system import hurt_town

FOLDER = HOME.root / "faults"
RUNNER = "runner"


def main() -> int:
    """The command line; returns the exit code."""
    options = _options()
    record = Record.load(FOLDER / "record.json")
    running = any(is_alive(process) for process in read_records(FOLDER) if process.name == RUNNER)
    if options.run:
        return _run(options)
    if options.status or running:
        print(report(record) if record else "Nothing was done yet.")
        print(f"\n{'It runs' if running else 'It does not run'}; its log: {FOLDER / 'log'}")
        return 0
    if record is None or options.anew:
        seed = options.seed if options.seed is not None else random.randrange(1_000_000)
        order = [fault.name for fault in in_random_order(EVERYTHING, seed) if options.only in fault.name]
        record = Record(FOLDER / "record.json", seed, order, _revision())
        record.save()
    if not record.remaining():
        print(report(record))
        return 0 if is_well(record) else 1
    _start_in_background(options)
    print(f"seed {record.seed}: {len(record.remaining())} faults to do, in the background; `make faults` tells how far")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--anew", action="store_true", help="forget what was done before")
    parser.add_argument("--seed", type=int, help="with --anew: order and moments; default: a new one")
    parser.add_argument("--only", default="", help="with --anew: only faults whose name holds this")
    parser.add_argument("--reports", type=int, default=5000, help="at least so many are handed in")
    parser.add_argument("--per-second", type=float, default=2.0, help="steadily so many")
    parser.add_argument("--calm", type=float, default=60.0, help="seconds that are measured before and after")
    parser.add_argument("--status", action="store_true", help="only tell how far it is")
    parser.add_argument("--run", action="store_true", help="here and now instead of in the background")
    return parser.parse_args()


def _start_in_background(options: argparse.Namespace) -> None:
    load = ("--reports", str(options.reports), "--per-second", str(options.per_second), "--calm", str(options.calm))
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "log").open("ab") as log:
        subprocess.Popen(
            (sys.executable, "-m", "tests.faults", "--run", *load),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _run(options: argparse.Namespace) -> int:
    record = Record.load(FOLDER / "record.json")
    if record is None:
        print("Nothing is to be done: begin with `make faults`.", file=sys.stderr)
        return 2
    known = by_name(EVERYTHING)
    plan = Plan(options.reports, options.per_second, senders=64, calm_seconds=options.calm, longest_gap=5.0)
    with _sole_runner():
        shutil.rmtree(FOLDER / "town", ignore_errors=True)
        with hurt_town(FOLDER / "town", tell=_tell) as town:
            Storm(town, record, plan, _tell).run([known[name] for name in record.remaining()])
    print(report(record), flush=True)
    return 0 if is_well(record) else 1


@contextmanager
def _sole_runner() -> Iterator[None]:
    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    # So that it stops what it started.
    signal.signal(signal.SIGTERM, end)
    pid = os.getpid()
    started = start_ticks(pid) or 0
    write_record(FOLDER, Process(RUNNER, pid, started, boot_id(), since=datetime.now(UTC).timestamp()))
    try:
        yield
    finally:
        remove_record(FOLDER, RUNNER)


def _tell(line: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S}  {line}", flush=True)


def _revision() -> str:
    done = subprocess.run(
        ("git", "rev-parse", "--short", "HEAD"), cwd=PROJECT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
