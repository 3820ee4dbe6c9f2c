"""The books: every original that an intake kept has exactly one outcome. What has none a minute later is missing.

An original's folder is named by its report's id (contracts/object_keys.py), so both sides are compared by ids, not by counts.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import orjson
from pymongo.database import Database

from contracts import object_keys
from contracts.registry import REPORTS as REPORTS_TOPIC
from contracts.types import Channel
from kit.mongo import Document
from kit.object_store import ObjectMissing, ObjectStore
from kit.partitions import BrokerAway, groupless_client, partitions_of, read_since
from tickets.store import REPORTS

PATIENCE = timedelta(minutes=1)
"""So long an original may be on its way."""
_AT_ONCE = 1_000

Published = Callable[[date, Collection[UUID]], set[UUID] | None]
"""Which of these reports were published since the day began; None where that is not known."""


def nobody_knows(day: date, reports: Collection[UUID]) -> set[UUID] | None:
    """Where the topic is not asked."""
    return None


@dataclass(frozen=True)
class Missing:
    """An original without an outcome. `published`: its report is on the topic, so its reader waits; None: not known."""

    folder: str
    published: bool | None = None


@dataclass(frozen=True)
class Page:
    """One town's day on one channel: how many originals were kept and published, and what became of them."""

    municipality: str
    day: date
    channel: str
    originals: int
    published: int | None = None
    """What has an outcome was published too. None where it is not known of the rest."""
    outcomes: dict[str, int] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()

    @property
    def waiting(self) -> int:
        """Without an outcome yet, but younger than a minute."""
        return self.originals - sum(self.outcomes.values()) - len(self.missing)


@dataclass(frozen=True)
class _Kept:
    """What is known of one original."""

    folder: str
    channel: str
    outcome: str | None = None
    late: bool = False
    published: bool | None = True


class Ledger:
    """Compares the store with the register, and with the topic between them where something is missing."""

    def __init__(
        self,
        database: Database[Document],
        objects: ObjectStore,
        clock: Callable[[], datetime],
        published: Published = nobody_knows,
    ) -> None:
        self._reports, self._objects, self._clock = database[REPORTS], objects, clock
        self._published = published

    def pages(self, municipality: str, day: date, patience: timedelta = PATIENCE) -> list[Page]:
        """A day's pages, one for each channel. Raises StoreAway and what pymongo raises where the database is away."""
        folder = object_keys.day_folder(municipality, day)
        ids = list(report_ids(self._objects.folders(folder)))
        register = self._register(ids)
        open_ids = [one for one in ids if one not in register]
        published = self._published(day, open_ids) if open_ids else set()
        by_channel: dict[str, list[_Kept]] = {}
        for one in ids:
            place = f"{folder}/{one}"
            if one in register:
                outcome, channel = register[one]
                kept = _Kept(place, channel, outcome)
            else:
                channel, late = self._envelope(place, patience)
                kept = _Kept(place, channel, None, late, None if published is None else one in published)
            by_channel.setdefault(kept.channel, []).append(kept)
        return [_page(municipality, day, channel, kept) for channel, kept in sorted(by_channel.items())]

    def _register(self, ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
        listed, found = list(ids), {}
        fields = {"outcome": 1, "channel": 1}
        for first in range(0, len(listed), _AT_ONCE):
            query = {"_id": {"$in": listed[first : first + _AT_ONCE]}}
            for one in self._reports.find(query, fields):
                found[one["_id"]] = (one["outcome"], one.get("channel", Channel.EMAIL.value))
        return found

    def _envelope(self, folder: str, patience: timedelta) -> tuple[str, bool]:
        """An original's channel, and whether it is late."""
        channel = Channel.EMAIL.value
        try:
            envelope = orjson.loads(self._objects.get(object_keys.envelope_key(folder)))
            # The channel is noted since there are several; e-mail was the first.
            channel = Channel(envelope.get("channel", channel)).value
            # From a mailbox it may come long after it was received.
            since = datetime.fromisoformat(envelope.get("taken_at") or envelope["received_at"])
            return channel, since <= self._clock() - patience
        except (ObjectMissing, ValueError, KeyError, TypeError, AttributeError):
            # Its intake was killed before it could say from when it is: it will not become younger.
            return channel, True


def _page(municipality: str, day: date, channel: str, kept: Collection[_Kept]) -> Page:
    counts: dict[str, int] = {}
    for one in kept:
        if one.outcome is not None:
            counts[one.outcome] = counts.get(one.outcome, 0) + 1
    known = all(one.published is not None for one in kept)
    published = sum(bool(one.published) for one in kept) if known else None
    missing = tuple(Missing(one.folder, one.published) for one in kept if one.outcome is None and one.late)
    return Page(municipality, day, channel, len(kept), published, counts, missing)


def report_ids(names: Iterable[str]) -> Iterable[UUID]:
    """The ids among names of folders; what is none is not ours."""
    for name in names:
        try:
            yield UUID(name)
        except ValueError:
            continue


def published_on(bootstrap: str, today: Callable[[], date]) -> Published:
    """Looks the reports up on their topic."""

    def published(day: date, reports: Collection[UUID]) -> set[UUID] | None:
        retention = REPORTS_TOPIC.retention
        if retention is not None and today() - day >= retention:
            return None
        client, wanted = groupless_client(bootstrap), {str(one) for one in reports}
        since = datetime(day.year, day.month, day.day, tzinfo=UTC)
        try:
            subjects = {
                _subject(message.value)
                for partition in partitions_of(client, REPORTS_TOPIC.name)
                for message in read_since(client, REPORTS_TOPIC.name, partition, since, within=30)
            }
        except BrokerAway:
            return None
        finally:
            client.close()
        return {UUID(one) for one in wanted & subjects}

    return published


def _subject(value: bytes | None) -> str:
    try:
        return str(orjson.loads(value or b"")["subject"])
    except (ValueError, KeyError, TypeError):
        return ""
