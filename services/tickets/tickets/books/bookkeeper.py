"""Looks every minute whether something is missing or was put aside: a metric, the log, and an alarm where it is so."""

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from pymongo.errors import PyMongoError

from contracts.alarms import AlarmItem, AlarmKind
from kit import metrics
from kit.object_store import StoreAway
from kit.partitions import BrokerAway
from tickets.books.alarms import Alarms
from tickets.books.ledger import Ledger

logger = logging.getLogger(__name__)


class Bookkeeper:
    """Looks at today and yesterday, and at all dead letters, in a thread of the worker."""

    def __init__(
        self,
        ledger: Ledger,
        municipalities: Collection[str],
        clock: Callable[[], datetime],
        alarms: Alarms,
        dead_letters: Callable[[], Mapping[str, int]],
        seconds: float,
    ) -> None:
        self._ledger, self._municipalities, self._clock = ledger, list(municipalities), clock
        self._alarms, self._dead_letters, self._seconds = alarms, dead_letters, seconds

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        while not stop.wait(self._seconds):
            for look in (self.look_at_books, self.look_at_dead_letters):
                try:
                    look()
                except (StoreAway, BrokerAway, PyMongoError) as error:
                    logger.warning("ledger_waits", extra={"error": type(error).__name__})

    def look_at_books(self) -> None:
        """One look. Raises StoreAway, PyMongoError."""
        now = self._clock()
        today = now.date()
        for municipality in self._municipalities:
            pages = [
                page
                for day in (today - timedelta(days=1), today)
                for page in self._ledger.pages(municipality, day)
                if page.missing
            ]
            count = sum(len(page.missing) for page in pages)
            metrics.LEDGER_MISSING.labels(municipality).set(count)
            if count:
                logger.error("originals_without_outcome", extra={"municipality": municipality, "count": count})
            items = [AlarmItem(what=page.channel, day=page.day.isoformat(), count=len(page.missing)) for page in pages]
            self._alarms.look(AlarmKind.ORIGINALS_WITHOUT_OUTCOME, municipality, items, now)

    def look_at_dead_letters(self) -> None:
        """One look; they are of the whole installation, and told in the name of its first town. Raises BrokerAway, PyMongoError."""
        found = self._dead_letters()
        items = [AlarmItem(what=box, count=count) for box, count in sorted(found.items()) if count]
        self._alarms.look(AlarmKind.DEAD_LETTERS, self._municipalities[0], items, self._clock())
