"""The books: every original that an intake kept has exactly one outcome. What has none a minute later is missing.

An original's folder is named by its report's id (contracts/object_keys.py), so both sides are compared by ids, not by counts.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import orjson
from pymongo.database import Database
from pymongo.errors import PyMongoError

from contracts import object_keys
from kit import metrics
from kit.mongo import Document
from kit.object_store import ObjectMissing, ObjectStore, StoreAway
from tickets.store import REPORTS

PATIENCE = timedelta(minutes=1)
"""So long an original may be on its way."""
TURN_SECONDS = 60.0
_AT_ONCE = 1_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Page:
    """One town's day: how many originals were kept, what became of them, and the folders of those without an outcome."""

    municipality: str
    day: date
    originals: int
    outcomes: dict[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    @property
    def waiting(self) -> int:
        """Without an outcome yet, but younger than a minute."""
        return self.originals - sum(self.outcomes.values()) - len(self.missing)


class Ledger:
    """Compares the store with the register."""

    def __init__(self, database: Database[Document], objects: ObjectStore, clock: Callable[[], datetime]) -> None:
        self._reports, self._objects, self._clock = database[REPORTS], objects, clock

    def page(self, municipality: str, day: date) -> Page:
        """A day's page. Raises StoreAway and what pymongo raises where the database is away."""
        folder = object_keys.day_folder(municipality, day)
        ids = list(report_ids(self._objects.folders(folder)))
        outcomes = self._outcomes(ids)
        counts: dict[str, int] = {}
        for outcome in outcomes.values():
            counts[outcome] = counts.get(outcome, 0) + 1
        late = (f"{folder}/{one}" for one in ids if one not in outcomes and self._is_late(f"{folder}/{one}"))
        return Page(municipality, day, len(ids), counts, tuple(late))

    def _outcomes(self, ids: Collection[UUID]) -> dict[UUID, str]:
        listed, found = list(ids), {}
        for first in range(0, len(listed), _AT_ONCE):
            query = {"_id": {"$in": listed[first : first + _AT_ONCE]}}
            found.update({one["_id"]: one["outcome"] for one in self._reports.find(query, {"outcome": 1})})
        return found

    def _is_late(self, folder: str) -> bool:
        try:
            envelope = orjson.loads(self._objects.get(object_keys.envelope_key(folder)))
            # From a mailbox it may come long after it was received.
            received = datetime.fromisoformat(envelope.get("taken_at") or envelope["received_at"])
        except (ObjectMissing, ValueError, KeyError, TypeError):
            # Its intake was killed before it could say from when it is: it will not become younger.
            return True
        return received < self._clock() - PATIENCE


def report_ids(names: Iterable[str]) -> Iterable[UUID]:
    """The ids among names of folders; what is none is not ours."""
    for name in names:
        try:
            yield UUID(name)
        except ValueError:
            continue


class Bookkeeper:
    """Looks every minute at today and yesterday, in a thread of the worker; what is missing shows as a metric and in the log."""

    def __init__(self, ledger: Ledger, municipalities: Collection[str], clock: Callable[[], datetime]) -> None:
        self._ledger, self._municipalities, self._clock = ledger, municipalities, clock

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        while not stop.wait(TURN_SECONDS):
            try:
                self.turn()
            except (StoreAway, PyMongoError) as error:
                logger.warning("ledger_waits", extra={"error": type(error).__name__})

    def turn(self) -> None:
        """One look. Raises StoreAway, PyMongoError."""
        today = self._clock().date()
        for municipality in self._municipalities:
            pages = [self._ledger.page(municipality, day) for day in (today - timedelta(days=1), today)]
            missing = [folder for page in pages for folder in page.missing]
            metrics.LEDGER_MISSING.labels(municipality).set(len(missing))
            if missing:
                logger.error("originals_without_outcome", extra={"municipality": municipality, "count": len(missing)})
