"""Looks every minute whether something is missing or was put aside: a metric, the log, and an alarm where it is so."""

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, PyMongoError

from contracts.alarms import AlarmItem, AlarmKind
from contracts.registry import ALARMS
from kit import metrics
from kit.messages import Record
from kit.mongo import Document
from kit.object_store import StoreAway
from kit.partitions import BrokerAway
from tickets.books.alarms import Alarm, event_of, followed
from tickets.books.ledger import Ledger
from tickets.store import ALARMS as COLLECTION

Publish = Callable[[Sequence[Record]], list[bool]]

logger = logging.getLogger(__name__)


class Alarms:
    """The alarms in MongoDB and on their topic. Several workers may look: who changes one first tells of it."""

    def __init__(self, database: Database[Document], publish: Publish, calm: timedelta) -> None:
        self._alarms, self._publish, self._calm = database[COLLECTION], publish, calm

    def look(self, kind: AlarmKind, municipality: str, items: Sequence[AlarmItem], now: datetime) -> None:
        """Follows an alarm and tells what is new of it. Raises what pymongo raises where the database is away."""
        key = f"{municipality}/{kind}"
        document = self._alarms.find_one({"_id": key})
        version = document["version"] if document is not None else 0
        alarm = Alarm.model_validate(document["alarm"]) if document is not None else None
        if alarm is not None and alarm.news is not None:
            # What was stored and perhaps not told comes first; told twice, it is known by its id.
            self._tell(key, version, alarm)
            return
        changed = followed(alarm, kind, municipality, items, now, self._calm)
        if changed is not None and self._store(key, version, changed) and changed.news is not None:
            self._tell(key, version + 1, changed)

    def _tell(self, key: str, version: int, alarm: Alarm) -> None:
        event = event_of(alarm)
        if all(self._publish([Record(ALARMS.name, str(alarm.id).encode(), event.to_bytes())])):
            self._store(key, version, alarm.model_copy(update={"news": None}))
            logger.warning("alarm_told", extra={"event_type": event.type, "reason": alarm.kind.value})

    def _store(self, key: str, version: int, alarm: Alarm) -> bool:
        """False where another worker was faster."""
        document = {"_id": key, "version": version + 1, "alarm": alarm.model_dump(mode="json")}
        if version:
            return self._alarms.replace_one({"_id": key, "version": version}, document).matched_count == 1
        try:
            self._alarms.insert_one(document)
        except DuplicateKeyError:
            return False
        return True


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
