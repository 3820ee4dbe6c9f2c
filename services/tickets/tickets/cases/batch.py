"""The cases of one transaction while they change.

Several messages of a batch may concern one case: each sees what the one before it did, and at the end the case is written
once, with all its events in order.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.tickets import TicketNumbered, TicketState
from contracts.types import TicketNumber
from tickets.cases.case import Case, Draft
from tickets.cases.deadlines import PRAGUE
from tickets.cases.keeping import Remembered, ReportOutcome, ReportRecord, Unit, Written
from tickets.cases.recording import record
from tickets.cases.words import MOST_WORDS


@dataclass
class _Pending:
    before: Case | None
    case: Case
    drafts: list[Draft] = field(default_factory=list)


def format_number(year: int, value: int) -> TicketNumber:
    """`2026-000123`: the value keeps growing beyond six digits."""
    return f"{year}-{value:06d}"


class Batch:
    """Reads cases once, collects changes, writes them all with `finish`."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self._pending: dict[UUID, _Pending] = {}
        self._asked: set[UUID] = set()
        self._written = Written()

    def load(self, ids: Collection[UUID]) -> None:
        """Reads many cases at once."""
        missing = set(ids) - self._asked
        self._asked |= missing
        if missing:
            for ticket_id, case in self.unit.cases(missing).items():
                self._pending[ticket_id] = _Pending(case, case)

    def case(self, ticket_id: UUID) -> Case | None:
        """The case as it stands now in this transaction; its version counts what is not written yet."""
        if ticket_id not in self._pending:
            self.load([ticket_id])
        pending = self._pending.get(ticket_id)
        return pending.case if pending is not None else None

    def change(self, case: Case, drafts: Sequence[Draft]) -> None:
        """Takes a changed or new case with the events that tell of it."""
        if not drafts:
            return
        pending = self._pending.setdefault(case.id, _Pending(None, case))
        pending.drafts += drafts
        base = pending.before.version if pending.before is not None else 0
        pending.case = case.model_copy(update={"version": base + len(pending.drafts)})

    def report(self, report: ReportRecord) -> None:
        """Notes what became of a report."""
        self._written.reports.append(report)

    def handled(self, event_id: UUID) -> None:
        """Notes that an event was handled."""
        self._written.handled.append(event_id)

    def remember(self, remembered: Remembered) -> None:
        """Notes what a request with an idempotency key did."""
        self._written.remembered.append(remembered)

    def finish(self, now: datetime) -> dict[UUID, Case]:
        """Gives numbers, records the events and writes all; returns the changed cases as written."""
        pending = [one for one in self._pending.values() if one.drafts]
        self._number([one for one in pending if _wants_number(one)], now)
        results = {}
        for one in pending:
            case, events = record(one.before, one.case, one.drafts, lambda: secrets.token_hex(16))
            results[case.id] = case
            self._written.events += events
            if one.before is None:
                self._written.opened.append(case)
            else:
                self._written.changed.append((one.before, case))
            self._note_outcome(one.before, case)
        self.unit.write(self._written)
        return results

    def _number(self, pending: list[_Pending], now: datetime) -> None:
        year = now.astimezone(PRAGUE).year
        by_town: dict[str, list[_Pending]] = {}
        for one in pending:
            by_town.setdefault(one.case.municipality, []).append(one)
        for municipality, ones in sorted(by_town.items()):
            first = self.unit.take_numbers(municipality, year, len(ones))
            for value, one in enumerate(ones, start=first):
                number = format_number(year, value)
                one.case = one.case.model_copy(
                    update={"number": number, "words": [number, *one.case.words][:MOST_WORDS]}
                )

    def _note_outcome(self, before: Case | None, case: Case) -> None:
        """A case that is set aside, or taken up again, turns what became of its report."""
        was = before is not None and before.state == TicketState.SET_ASIDE
        is_now = case.state == TicketState.SET_ASIDE
        if was == is_now or case.opening.report_id is None:
            return
        outcome = ReportOutcome.SET_ASIDE if is_now else ReportOutcome.OPENED
        self._written.outcomes[case.opening.report_id] = outcome


def _wants_number(pending: _Pending) -> bool:
    return pending.case.number is None and any(draft.kind is TicketNumbered for draft in pending.drafts)
