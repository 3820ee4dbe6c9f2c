"""`make bench`: the figures of docs/performance.md, on the settings of `make run` and servers of their own.

Every report is another one; a round is over when the relay holds the last acknowledgement.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.ports import HOST, Ports
from deploy.local.system import LocalSystem
from tests.benchmark import api, history, mailbox, road
from tests.benchmark.load import Arrivals
from tests.benchmark.processes import resident_megabytes, wait_for_rest

DATABASE = "helpdesk_tickets"
TICKETS, FEW, MANY = 200_000, 1_000, 1_000_000
MAILS = 5_000
PAGE = Path("docs/performance.md")


@contextmanager
def started() -> Iterator[LocalSystem]:
    """A system of its own."""
    with tempfile.TemporaryDirectory() as folder, LocalSystem(Path(folder), Ports.free(), tell=print) as system:
        system.start_servers()
        system.start_services()
        yield system


def measure(scale: int) -> list[str]:
    """The road, the staff API with a town's history, and memory, as Markdown."""
    rows = list(road.HEAD)
    with started() as system:
        idle = memory(system)
        arrivals = Arrivals(system.places.mail)
        for number, plan in enumerate(road.rounds(scale)):
            print(plan.name, flush=True)
            wait_for_rest(road.pids(system))
            row = road.run(system, arrivals, plan, f"r{number}")
            rows += [row] if number else []
        base, token = door(system)
        with road.staff_at_work(base, token) as times:
            rows.append(road.run(system, arrivals, road.storm(scale), "storm"))
        rows += [
            "",
            f"The staff API during the storm: p95 {1000 * api.percentile(times, 95):.0f} ms of {len(times)} requests.",
        ]
        busy = memory(system)
        there = history.grow(system.environment["MONGODB_URI"], DATABASE, TICKETS // scale)
        wait_for_rest(road.pids(system))
        rows += ["", f"| request, 8 clients, {there:,} tickets | a second | p95 |", "| --- | --- | --- |"]
        found = api.figures(base, token, 6 / min(scale, 3))
        rows += [f"| {name} | {rate:.0f} | {p95:.0f} ms |" for name, (rate, p95) in found.items()]
    rows += ["", "| process | idle, MB | after the load, MB |", "| --- | --- | --- |"]
    rows += [f"| {name} | {idle[name]:.0f} | {busy[name]:.0f} |" for name in road.OURS]
    return [*rows, f"| together | {sum(idle.values()):.0f} | {sum(busy.values()):.0f} |"]


def measure_growth(scale: int) -> list[str]:
    """The same requests with few and with many tickets, as Markdown."""
    rows = [
        f"| request, 8 clients | {FEW:,} tickets | {MANY // scale:,} tickets | times |",
        "| --- | --- | --- | --- |",
    ]
    with started() as system:
        arrivals = Arrivals(system.places.mail)
        road.run(system, arrivals, road.Round("samples", 300, 8), "samples")
        base, token = door(system)
        found = []
        for wanted in (FEW, MANY // scale):
            print(f"growing to {wanted:,}", flush=True)
            history.grow(system.environment["MONGODB_URI"], DATABASE, wanted)
            wait_for_rest(road.pids(system))
            found.append(api.figures(base, token, 6))
    few, many = found
    for name in few:
        times = few[name][0] / many[name][0]
        rows.append(f"| {name} | {few[name][0]:.0f}/s | {many[name][0]:.0f}/s | {times:.2f} |")
    return rows


def measure_mailbox(scale: int) -> list[str]:
    """The first start on a full mailbox."""
    with started() as system:
        arrivals = Arrivals(system.places.mail)
        road.run(system, arrivals, road.Round("warm up", 1000 // scale, 8), "w")
        return [mailbox.first_start(system, MAILS // scale)]


def door(system: LocalSystem) -> tuple[str, str]:
    """Where the staff API is, and a token."""
    return f"http://{HOST}:{system.ports.tickets_api}/api/v1", system.places.staff_token.read_text().strip()


def memory(system: LocalSystem) -> dict[str, float]:
    """Resident megabytes of our processes."""
    return {name: resident_megabytes(pid) for name in road.OURS if (pid := system.pid(name)) is not None}


def write(mark: str, rows: list[str]) -> None:
    """Puts the figures between their two marks in the page."""
    begin, end = f"<!-- {mark} begin -->", f"<!-- {mark} end -->"
    head, _, rest = PAGE.read_text().partition(begin)
    _, _, tail = rest.partition(end)
    stamp = f"Measured {datetime.now(UTC):%Y-%m-%d}, 2 cores, everything on one machine."
    PAGE.write_text(f"{head}{begin}\n{stamp}\n\n" + "\n".join(rows) + f"\n{end}{tail}")
    print(f"written to {PAGE}", file=sys.stderr)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    parser.add_argument("--growth", action="store_true", help="instead: the API with 1,000 and with 1,000,000 tickets")
    parser.add_argument(
        "--mailbox", action="store_true", help="instead: a mailbox full of old mails at the first start"
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the load, to see that it works")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/performance.md")
    arguments = parser.parse_args()
    scale = 10 if arguments.quick else 1
    mark = "growth" if arguments.growth else "mailbox" if arguments.mailbox else "figures"
    rows = {"growth": measure_growth, "mailbox": measure_mailbox, "figures": measure}[mark](scale)
    print("\n".join(rows))
    if arguments.write:
        write(mark, rows)


if __name__ == "__main__":
    main()
