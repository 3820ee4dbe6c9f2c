"""The alarms that hold, in MongoDB, and what is new of them on their topic."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from contracts.alarms import AlarmItem, AlarmKind
from contracts.registry import ALARMS
from kit.messages import Record
from kit.mongo import Document
from tickets.books.alarm_rules import Alarm, event_of, followed
from tickets.store import ALARMS as COLLECTION

Publish = Callable[[Sequence[Record]], list[bool]]

logger = logging.getLogger(__name__)


class Alarms:
    """Several workers may look: who changes one first tells of it."""

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
