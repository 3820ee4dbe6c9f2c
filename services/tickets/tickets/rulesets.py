"""Which pack a town works with: the topic says it, the object store has it, this keeps it at hand."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import packs
from contracts import identity, object_keys
from contracts.envelope import Event, EventData, UnreadableEvent, new_event, parse_event
from contracts.registry import RULESETS
from contracts.rulesets import RulesetPublished
from contracts.types import Confidentiality
from kit.compacted import CompactedView
from kit.messages import Record
from kit.object_store import ObjectMissing, ObjectStore, StoreAway
from kit.partitions import BrokerAway
from tickets.cases.town import Town
from tickets.handlers import now

_KNOWN: dict[str, type[EventData]] = {event.event_type: event for event in RULESETS.events}
SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 5.0

logger = logging.getLogger(__name__)


class Rulesets:
    """The towns with their packs, kept current from the compacted topic."""

    def __init__(self, bootstrap: str, store: ObjectStore, pseudonym_key: bytes) -> None:
        self._view = CompactedView(bootstrap, RULESETS.name, self._changed)
        self._store, self._key = store, pseudonym_key
        self._towns: dict[str, Town] = {}
        self._loaded = threading.Event()
        self._stop = threading.Event()

    def town(self, municipality: str) -> Town:
        """The town; one whose pack is missing works without it, and says so in the log."""
        town = self._towns.get(municipality)
        if town is None:
            logger.error("town_without_pack", extra={"municipality": municipality})
            return Town(municipality, None, self._pseudonym(municipality))
        return town

    def check(self) -> str | None:
        """Readiness: None when the topic was read and there is a pack."""
        if not self._loaded.is_set():
            return "rulesets-not-read"
        return None if self._towns else "no-pack-loaded"

    def run(self, stop: threading.Event) -> None:
        """Reads the topic whole, then follows it until `stop`."""
        self._stop = stop
        pause = SHORTEST_PAUSE
        while not stop.is_set():
            try:
                self._view.load()
                break
            except BrokerAway:
                logger.warning("rulesets_wait", extra={"dependency": "kafka"})
                stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        self._loaded.set()
        self._view.follow(stop)

    def wait(self, stop: threading.Event) -> bool:
        """Returns true when there is a pack to work with, false where `stop` came first."""
        while not stop.is_set():
            if self.check() is None:
                return True
            stop.wait(0.1)
        return False

    def _changed(self, _: bytes, value: bytes) -> None:
        try:
            event = parse_event(value, _KNOWN)
            if isinstance(event.data, RulesetPublished):
                self._take(event)
        except (UnreadableEvent, packs.PackError, ObjectMissing) as error:
            # A wrong entry is left out: the pack that holds goes on holding.
            logger.error("ruleset_refused", extra={"error": type(error).__name__})

    def _take(self, event: Event[RulesetPublished]) -> None:
        content = self._fetched(event.data.object_key)
        if content is None:
            return
        if packs.digest(content) != event.data.digest:
            logger.error("ruleset_refused", extra={"error": "DigestDiffers", "municipality": event.municipality})
            return
        pack = packs.unbundle(content)
        self._towns[event.municipality] = Town(event.municipality, pack, self._pseudonym(event.municipality))
        logger.info("ruleset_taken", extra={"municipality": event.municipality, "label": event.data.label})

    def _fetched(self, key: str) -> bytes | None:
        """The content; waits while the store is away, None where we were stopped meanwhile."""
        pause = SHORTEST_PAUSE
        while not self._stop.is_set():
            try:
                return self._store.get(key)
            except StoreAway:
                logger.warning("rulesets_wait", extra={"dependency": "object-store"})
                self._stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        return None

    def _pseudonym(self, municipality: str) -> Callable[[str], str]:
        return lambda address: identity.pseudonym(self._key, municipality, "email", address)


def publication(folder: Path, store: ObjectStore) -> tuple[Record, str]:
    """Checks a pack, puts its bundle into the store; returns the record that makes it hold, and its label.

    Raises packs.PackError, StoreAway.
    """
    pack = packs.load(folder)
    content = packs.bundle(pack)
    digest, municipality = packs.digest(content), pack.town.slug
    key = object_keys.ruleset_key(municipality, digest)
    store.put(key, content, "application/json")
    published = identity.event_id(identity.NAMESPACE, f"{municipality}/{digest}")
    event = new_event(
        RulesetPublished(digest=digest, object_key=key, label=pack.label),
        id=published,
        source="/tickets",
        time=now(),
        subject=published,
        municipality=municipality,
        confidentiality=Confidentiality.OPEN,
    )
    name = f"{municipality}/{RulesetPublished.event_type}".encode()
    return Record(RULESETS.name, name, event.to_bytes()), pack.label
