"""A stretch: a town under steady load, one fault after the other at random moments, then everything is counted."""

import math
import random
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tests.benchmark.load import Arrivals
from tests.faults.faults import KINDS, Fault
from tests.faults.record import Record, Seen, Stretch
from tests.faults.system import HurtTown, wait
from tests.flows.counting import count_everything
from tests.flows.load import Load

# So long may the town need to be as fast as before, without a hand.
BACK_WITHIN = 300.0
# A report that waits longer than this is late.
LATE_SECONDS = 5.0
# The first reports wait for what every process does once.
WARM_UP = 20
# What the notifier sends at once: so many may come again after each thing that is done to it, its database or the relay.
SENDS_AT_ONCE = 16


@dataclass(frozen=True)
class Plan:
    """How much load, and how long it is calm before the first fault and after the last."""

    reports: int
    per_second: float
    senders: int
    calm_seconds: float
    longest_gap: float


class Storm:
    """Does the faults to one town; what it sees goes into the record at once."""

    def __init__(self, town: HurtTown, record: Record, plan: Plan, tell: Callable[[str], None]) -> None:
        self._town, self._record, self._plan, self._tell = town, record, plan, tell
        self._load = Load(town.doors, senders=plan.senders)
        self._arrivals = Arrivals(town.system.places.mail)
        self._random = random.Random(record.seed)
        self._stretch = Stretch()

    def run(self, faults: Sequence[Fault]) -> Stretch:
        """All of them, then the count."""
        self._record.stretches.append(self._stretch)
        self._load.start()
        self._load.steadily(self._plan.per_second)
        while len(self._load.accepted_at) < WARM_UP:
            wait(0.5)
        self._wait_back(time.time())
        self._stretch.before = self._calm()
        self._save()
        for fault in faults:
            wait(self._random.uniform(0, self._plan.longest_gap))
            self._record.seen[fault.name] = seen = self._do(fault)
            self._stretch.faults.append(fault.name)
            self._save()
            self._tell(f"{seen.fault}: {_said(seen)}")
        self._stretch.after = self._calm()
        while len(self._load.accepted_at) < self._plan.reports:
            wait(1.0)
        self._load.finish()
        self._tell(f"{len(self._load.accepted)} reports were accepted; counting …")
        self._wait_back(time.time(), late_after=0.0)
        accepted = dict(self._load.accepted)
        self._stretch.wrong = count_everything(
            self._town.town, accepted, most_repeats=SENDS_AT_ONCE * (len(faults) + 1)
        )
        self._stretch.repeats = self._repeats()
        self._save()
        return self._stretch

    def _save(self) -> None:
        self._stretch.accepted = len(self._load.accepted)
        self._record.save()

    def _do(self, fault: Fault) -> Seen:
        began = time.time()
        if fault.kind in self._town.cannot:
            return Seen(fault.name, began, 0.0, 0.0, skipped=self._town.cannot[fault.kind])
        deaths = self._deaths()
        KINDS[fault.kind](self._town, fault)
        ended = time.time()
        back = self._wait_back(ended)
        restarts = {name: count - deaths[name] for name, count in self._deaths().items() if count > deaths[name]}
        return Seen(fault.name, began, ended - began, back, restarts)

    def _deaths(self) -> dict[str, int]:
        return {name: self._town.system.deaths(name) for name in self._town.names()}

    def _wait_back(self, since: float, *, late_after: float = LATE_SECONDS) -> float | None:
        """Seconds until everything is ready and no report is late; None when it takes too long."""
        while time.time() - since < BACK_WITHIN:
            if not self._late(late_after) and not self._not_ready():
                return time.time() - since
            wait(0.5)
        self._tell(f"late: {self._late(late_after)}; not ready: {', '.join(self._not_ready())}")
        return None

    def _late(self, seconds: float) -> int:
        self._arrivals.look()
        until = time.time() - seconds
        accepted = dict(self._load.accepted_at)
        return sum(at <= until and sender not in self._arrivals.at for sender, at in accepted.items())

    def _not_ready(self) -> list[str]:
        names = [name for name in self._town.names() if not self._town.is_ready(name)]
        return names or (["copies in sync"] if self._town.not_in_sync() else [])

    def _calm(self) -> list[float]:
        """Nothing is done for a while; p50 and p95 of the seconds from the 250 to the acknowledgement."""
        began = time.time()
        wait(self._plan.calm_seconds)
        until = time.time()
        accepted = {sender: at for sender, at in dict(self._load.accepted_at).items() if began <= at <= until}
        with suppress(TimeoutError):
            self._arrivals.wait_for(set(accepted), within=BACK_WITHIN)
        waits = sorted(self._arrivals.at.get(sender, math.inf) - at for sender, at in accepted.items())
        return [statistics.median(waits), waits[int(len(waits) * 0.95)]]

    def _repeats(self) -> int:
        ours = [mail.envelope_to for mail in self._town.town.post.all() if mail.envelope_to.startswith("hlasatel-")]
        return len(ours) - len(set(ours))


def _said(seen: Seen) -> str:
    if seen.skipped:
        return f"left out: {seen.skipped}"
    back = "NOT BACK" if seen.back_after is None else f"back after {seen.back_after:.1f} s"
    restarts = ", ".join(f"{name} {count}" for name, count in seen.restarts.items())
    return f"lasted {seen.lasted:.1f} s, {back}{f'; restarts: {restarts}' if restarts else ''}"


def is_well(record: Record) -> bool:
    """Whether everything was done, counted and as promised, and the town was as fast afterwards as before."""
    done = not record.remaining()
    back = all(seen.back_after is not None for seen in record.seen.values())
    return done and back and all(_is_well(stretch) for stretch in record.stretches if stretch.wrong is not None)


def _is_well(stretch: Stretch) -> bool:
    return stretch.wrong == {} and as_fast_as_before(stretch)


def as_fast_as_before(stretch: Stretch) -> bool:
    """Twice the time and a quarter of a second are the machine's own noise."""
    if stretch.before is None or stretch.after is None:
        return False
    return all(after <= 2 * before + 0.25 for before, after in zip(stretch.before, stretch.after, strict=True))


def by_name(faults: Iterable[Fault]) -> dict[str, Fault]:
    """The table by the names that the record keeps."""
    return {fault.name: fault for fault in faults}
