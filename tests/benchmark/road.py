"""The road of a report under load: rates, waiting times, and what each process spends on it."""

import io
import random
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image

from deploy.local.system import LocalSystem
from tests.benchmark.api import Client, percentile
from tests.benchmark.load import Arrivals, Senders
from tests.benchmark.processes import Meter

OURS = ("intake-email", "tickets-worker", "tickets-api", "router", "notifier")
SERVERS = ("kafka", "mongod", "s3proxy", "mail-catcher")
HEAD = ("| load | rate | to the acknowledgement | CPU ms a report |", "| --- | --- | --- | --- |")


@dataclass(frozen=True)
class Round:
    """One way of loading the road."""

    name: str
    count: int
    at_once: int
    photo: bool = False
    rate: float | None = None


def rounds(scale: int) -> list[Round]:
    """What is measured, the first one to warm up: a virtual machine compiles what it does often."""
    return [
        Round("warm up", 2000 // scale, 8),
        Round("one a second, small", 60 // scale, 2, rate=1),
        Round("one a second, 200 KB photo", 60 // scale, 2, photo=True, rate=1),
        Round("as fast as it goes, small", 3000 // scale, 16),
        Round("as fast as it goes, 200 KB photo", 1000 // scale, 16, photo=True),
    ]


def storm(scale: int) -> Round:
    """All at once, from many mail servers."""
    return Round(f"a storm of {20_000 // scale:,}", 20_000 // scale, 64)


def a_photo() -> bytes:
    """A JPEG of about 200 KB with a camera's data in it; noise, which compresses as badly as a street at noon."""
    width, height = 480, 460
    image = Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))
    exif = Image.Exif()
    exif[0x0132] = "2026:11:24 10:00:00"
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()


def pids(system: LocalSystem) -> dict[str, int]:
    """Whose time is counted, by name."""
    return {name: pid for name in (*OURS, *SERVERS) if (pid := system.pid(name)) is not None}


def run(system: LocalSystem, arrivals: Arrivals, plan: Round, run: str) -> str:
    """Loads the road and returns the row of its figures."""
    photo = a_photo() if plan.photo else None
    senders = Senders(system.ports.smtp_intake, run, plan.count, at_once=plan.at_once, photo=photo, rate=plan.rate)
    meter = Meter(pids(system))
    seconds = senders.run()
    arrivals.wait_for({sent.sender for sent in senders.sent}, within=1200)
    last = max(arrivals.at[sent.sender] for sent in senders.sent)
    whole = last - min(sent.accepted_at for sent in senders.sent)
    waits = sorted(arrivals.at[sent.sender] - sent.accepted_at for sent in senders.sent)
    spent = meter.spent()
    cost = ", ".join(f"{name} {1000 * value / plan.count:.1f}" for name, value in spent.items())
    p50, p95 = statistics.median(waits) * 1000, percentile(waits, 95) * 1000
    if plan.rate is None:
        rates = f"{plan.count / seconds:.0f} accepted/s, {plan.count / whole:.0f} acknowledged/s, all in {whole:.0f} s"
    else:
        rates = f"{plan.rate:g} reports/s"
    return f"| {plan.name} | {rates} | p50 {p50:.0f} ms, p95 {p95:.0f} ms | {cost} |"


@contextmanager
def staff_at_work(base: str, token: str) -> Iterator[list[float]]:
    """A clerk who looks at a list and at a case, ten times a second; how long each took, in seconds."""
    times: list[float] = []
    ended = threading.Event()

    def work() -> None:
        client = Client(base, token)
        for path in _pages(client, ended):
            began = time.monotonic()
            client.get(path)
            times.append(time.monotonic() - began)
        client.close()

    clerk = threading.Thread(target=work)
    clerk.start()
    try:
        yield times
    finally:
        ended.set()
        clerk.join()


def _pages(client: Client, ended: threading.Event) -> Iterator[str]:
    ticket = client.json("/tickets", limit="1")["items"][0]["id"]
    while not ended.wait(0.1):
        yield "/tickets?limit=50&state=assigned"
        yield f"/tickets/{ticket}"
