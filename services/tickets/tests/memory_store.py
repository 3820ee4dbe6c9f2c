"""The cases in memory, for unit tests; passes the same suite as the real store."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from tickets.cases.case import Case
from tickets.cases.keeping import DatabaseAway, DataRefused, Remembered, ReportRecord, Unit, Written
from tickets.cases.recording import StoredEvent

T = TypeVar("T")


@dataclass
class _Kept:
    cases: dict[UUID, Case] = field(default_factory=dict)
    events: list[StoredEvent] = field(default_factory=list)
    reports: dict[UUID, ReportRecord] = field(default_factory=dict)
    handled: set[UUID] = field(default_factory=set)
    counters: dict[str, int] = field(default_factory=dict)
    remembered: dict[str, Remembered] = field(default_factory=dict)
    staff: set[str] = field(default_factory=set)

    def copy(self) -> "_Kept":
        return _Kept(
            dict(self.cases),
            list(self.events),
            dict(self.reports),
            set(self.handled),
            dict(self.counters),
            dict(self.remembered),
            set(self.staff),
        )


class MemoryUnit:
    def __init__(self, kept: _Kept, refused: Callable[[Case], bool]) -> None:
        self._kept, self._refused = kept, refused

    def known_reports(self, ids: Collection[UUID]) -> set[UUID]:
        return set(ids) & self._kept.reports.keys()

    def handled(self, ids: Collection[UUID]) -> set[UUID]:
        return set(ids) & self._kept.handled

    def cases(self, ids: Collection[UUID]) -> dict[UUID, Case]:
        return {one: self._kept.cases[one] for one in ids if one in self._kept.cases}

    def case_ids(self, municipality: str, numbers: Collection[str]) -> dict[str, UUID]:
        return {
            case.number: case.id
            for case in self._kept.cases.values()
            if case.municipality == municipality and case.number is not None and case.number in numbers
        }

    def staff(self, pseudonyms: Collection[str]) -> set[str]:
        return set(pseudonyms) & self._kept.staff

    def take_numbers(self, municipality: str, year: int, count: int) -> int:
        name = f"{municipality}/{year}"
        first = self._kept.counters.get(name, 0) + 1
        self._kept.counters[name] = first + count - 1
        return first

    def remembered(self, key: str) -> Remembered | None:
        return self._kept.remembered.get(key)

    def write(self, written: Written) -> None:
        kept = self._kept
        for report in written.reports:
            _once(report.id, kept.reports)
            kept.reports[report.id] = report
        for event_id in written.handled:
            _once(event_id, kept.handled)
            kept.handled.add(event_id)
        for case in written.opened:
            _once(case.id, kept.cases)
        for case in [*written.opened, *(after for _, after in written.changed)]:
            if self._refused(case):
                raise DataRefused("WriteError")
            kept.cases[case.id] = case
        kept.events += written.events
        for report_id, outcome in written.outcomes.items():
            if report_id in kept.reports:
                kept.reports[report_id] = replace(kept.reports[report_id], outcome=outcome)
        for one in written.remembered:
            kept.remembered[one.key] = one


def _once(key: object, among: Collection[object]) -> None:
    if key in among:
        raise DataRefused("DuplicateKeyError")


class MemoryStore:
    """`away` makes every transaction raise DatabaseAway; `refuses` names cases that the database would never take."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self.kept = _Kept()
        self.away = False
        self.refuses: Callable[[Case], bool] = lambda case: False
        self.transactions = 0

    def transaction(self, work: Callable[[Unit], T]) -> T:
        with self._lock:
            if self.away:
                raise DatabaseAway
            trial = self.kept.copy()
            result = work(MemoryUnit(trial, self.refuses))
            self.kept = trial
            self.transactions += 1
            return result

    def unrouted(self, now: datetime, limit: int) -> list[UUID]:
        if self.away:
            raise DatabaseAway
        waiting = [case for case in self.kept.cases.values() if case.route_by is not None and case.route_by <= now]
        return [case.id for case in sorted(waiting, key=lambda case: case.route_by or now)][:limit]
