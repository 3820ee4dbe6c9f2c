"""Which pack a town works with, and how another one comes to hold."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import packs
from contracts import identity, object_keys
from contracts.envelope import new_event
from contracts.registry import RULESETS
from contracts.rulesets import RulesetPublished
from contracts.types import Confidentiality
from kit.compacted import CompactedView
from kit.messages import Record
from kit.object_store import ObjectStore, get_patiently
from packs.shelf import PackShelf
from tickets.batch_handler import now
from tickets.cases.town import Town

logger = logging.getLogger(__name__)


class Rulesets:
    """The towns with their packs, kept current from the compacted topic."""

    def __init__(self, bootstrap: str, store: ObjectStore, pseudonym_key: bytes) -> None:
        self._stop = threading.Event()
        self.shelf = PackShelf(lambda key: get_patiently(store, key, self._stop))
        self._view = CompactedView(bootstrap, RULESETS.name, self.shelf.take)
        self._key = pseudonym_key
        self._towns: dict[str, Town] = {}

    def town(self, municipality: str) -> Town:
        """The town; one whose pack is missing works without it, and says so in the log."""
        pack = self.shelf.pack_of(municipality)
        if pack is None:
            logger.error("town_without_pack", extra={"municipality": municipality})
        town = self._towns.get(municipality)
        if town is None or town.pack is not pack:
            town = self._towns[municipality] = Town(municipality, pack, self._pseudonym(municipality))
        return town

    def check(self) -> str | None:
        """Readiness: None when the topic was read and there is a pack."""
        return self.shelf.check() if self._view.loaded.is_set() else "rulesets-not-read"

    def run(self, stop: threading.Event) -> None:
        """Reads the topic whole, then follows it until `stop`."""
        self._stop = stop
        self._view.run(stop)

    def wait(self, stop: threading.Event) -> bool:
        """Returns true when there is a pack to work with, false where `stop` came first."""
        while not stop.is_set():
            if self.check() is None:
                return True
            stop.wait(0.1)
        return False

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
