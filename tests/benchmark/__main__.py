"""`make bench`: the figures of docs/performance.md, on the settings of `make run` and servers of their own.

Every report is another one; a round is over when the relay holds the last acknowledgement.
"""

import argparse
import io
import random
import statistics
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from PIL import Image

from deploy.local.ports import HOST, Ports
from deploy.local.system import LocalSystem
from tests.benchmark import api
from tests.benchmark.load import Arrivals, Senders
from tests.benchmark.processes import Meter, resident_megabytes

OURS = ("intake-email", "tickets-worker", "tickets-api", "router", "notifier")
SERVERS = ("kafka", "mongod", "s3proxy", "mail-catcher")
BEGIN, END = "<!-- figures begin -->", "<!-- figures end -->"


@dataclass(frozen=True)
class Round:
    """One way of loading the road."""

    name: str
    count: int
    at_once: int
    photo: bool = False
    rate: float | None = None


def a_photo() -> bytes:
    """A JPEG of about 200 KB with a camera's data in it; noise, which compresses as badly as a street at noon."""
    width, height = 480, 460
    image = Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))
    exif = Image.Exif()
    exif[0x0132] = "2026:11:24 10:00:00"
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()


def run_round(system: LocalSystem, arrivals: Arrivals, plan: Round, number: int) -> list[str]:
    """Loads the road and returns the rows of its figures."""
    photo = a_photo() if plan.photo else None
    senders = Senders(
        system.ports.smtp_intake, f"r{number}", plan.count, at_once=plan.at_once, photo=photo, rate=plan.rate
    )
    meter = Meter({name: pid for name in (*OURS, *SERVERS) if (pid := system.pid(name)) is not None})
    seconds = senders.run()
    arrivals.wait_for({sent.sender for sent in senders.sent}, within=600)
    last = max(arrivals.at[sent.sender] for sent in senders.sent)
    whole = last - min(sent.accepted_at for sent in senders.sent)
    waits = sorted(arrivals.at[sent.sender] - sent.accepted_at for sent in senders.sent)
    spent = meter.spent()
    cost = ", ".join(f"{name} {1000 * value / plan.count:.1f}" for name, value in spent.items())
    p50, p95 = statistics.median(waits) * 1000, waits[int(len(waits) * 0.95)] * 1000
    if plan.rate is None:
        rates = f"{plan.count / seconds:.0f} accepted/s, {plan.count / whole:.0f} acknowledged/s"
    else:
        rates = f"{plan.rate:g} reports/s"
    return [f"| {plan.name} | {rates} | p50 {p50:.0f} ms, p95 {p95:.0f} ms | {cost} |"]


def measure(quick: bool) -> list[str]:
    """All figures as Markdown."""
    scale = 10 if quick else 1
    rounds = [
        Round("warm up", 200 // scale, 4),
        Round("one a second, small", 60 // scale, 2, rate=1),
        Round("one a second, 200 KB photo", 60 // scale, 2, photo=True, rate=1),
        Round("as fast as it goes, small", 3000 // scale, 16),
        Round("as fast as it goes, 200 KB photo", 1000 // scale, 16, photo=True),
    ]
    rows = ["| load | rate | to the acknowledgement | CPU ms a report |", "| --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory() as folder, LocalSystem(Path(folder), Ports.free(), tell=print) as system:
        system.start_servers()
        system.start_services()
        idle = {name: resident_megabytes(pid) for name in OURS if (pid := system.pid(name)) is not None}
        arrivals = Arrivals(system.places.mail)
        for number, plan in enumerate(rounds):
            print(plan.name, flush=True)
            figures = run_round(system, arrivals, plan, number)
            rows += figures if number else []
        rows += ["", "| request, 8 clients | a second | p95 |", "| --- | --- | --- |"]
        base = f"http://{HOST}:{system.ports.tickets_api}/api/v1"
        token = system.places.staff_token.read_text().strip()
        ids = ticket_ids(base, token)
        for name, request in api.requests(ids).items():
            print(name, flush=True)
            per_second, p95 = api.rate(base, token, request, seconds=2 if quick else 6)
            rows.append(f"| {name} | {per_second:.0f} | {p95:.0f} ms |")
        busy = {name: resident_megabytes(pid) for name in OURS if (pid := system.pid(name)) is not None}
    rows += ["", "| process | idle, MB | after the load, MB |", "| --- | --- | --- |"]
    rows += [f"| {name} | {idle[name]:.0f} | {busy[name]:.0f} |" for name in OURS]
    rows.append(f"| together | {sum(idle.values()):.0f} | {sum(busy.values()):.0f} |")
    return rows


def ticket_ids(base: str, token: str) -> list[str]:
    """Some tickets to ask for."""
    ids: list[str] = []
    cursor: str | None = None
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}) as client:
        while len(ids) < 500:
            page = client.get("/tickets", params={"limit": "100", **({"cursor": cursor} if cursor else {})}).json()
            ids += [ticket["id"] for ticket in page["items"]]
            cursor = page.get("next")
            if cursor is None:
                break
    return ids


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the load, to see that it works")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/performance.md")
    arguments = parser.parse_args()
    rows = measure(arguments.quick)
    print("\n".join(rows))
    if arguments.write:
        page = Path("docs/performance.md")
        text = page.read_text()
        head, _, rest = text.partition(BEGIN)
        _, _, tail = rest.partition(END)
        stamp = f"Measured {datetime.now(UTC):%Y-%m-%d}, 2 cores, everything on one machine."
        page.write_text(f"{head}{BEGIN}\n{stamp}\n\n" + "\n".join(rows) + f"\n{END}{tail}")
        print(f"written to {page}", file=sys.stderr)


if __name__ == "__main__":
    main()
