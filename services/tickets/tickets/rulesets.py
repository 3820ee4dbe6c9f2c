"""Which pack and which model a town works with, and how another one comes to hold."""

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pymongo import DESCENDING
from pymongo.database import Database

import packs
from contracts import identity, object_keys
from contracts.envelope import new_event
from contracts.registry import RULESETS
from contracts.rulesets import ModelActivated, Ruleset, RulesetPublished
from contracts.types import Confidentiality
from kit.compacted import CompactedView
from kit.messages import Record
from kit.mongo import Document
from kit.object_store import ObjectStore, get_patiently
from packs.shelf import PackShelf
from tickets.batch_handler import now
from tickets.cases.town import Town
from tickets.store import ACTIVATIONS

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


class Sort(StrEnum):
    """What comes to hold."""

    PACK = "pack"
    MODEL = "model"


_EVENT_OF: dict[Sort, type[Ruleset]] = {Sort.PACK: RulesetPublished, Sort.MODEL: ModelActivated}
_KEY_OF = {Sort.PACK: object_keys.ruleset_key, Sort.MODEL: object_keys.model_key}
_SHIPPED = ""
MOST_MODEL_BYTES = 50_000_000
# Every model is a zip of arrays; whether the router can use it, only the router knows.
_ZIP = b"PK\x03\x04"


class NoModelError(Exception):
    """A file that no router could use."""


@dataclass(frozen=True)
class Activation:
    """A pack or a model that came to hold, and when. It stays in the store under its hash, so it can hold again."""

    municipality: str
    digest: str
    """Empty: the model that comes with the program."""
    label: str
    at: datetime
    sort: Sort = Sort.PACK


class Activations:
    """Which packs came to hold, in their order: what can be taken back, and what to."""

    def __init__(self, database: Database[Document]) -> None:
        self._collection = database[ACTIVATIONS]

    def note(self, activation: Activation) -> None:
        """Before it is told to anybody: one that nobody heard of can be told again, one that nobody knows of cannot."""
        newest = self.of(activation.municipality, activation.sort)[:1]
        # Every start loads the pack again; what held already came to hold before.
        if [one.digest for one in newest] != [activation.digest]:
            self._collection.insert_one(asdict(activation))

    def of(self, municipality: str, sort: Sort = Sort.PACK) -> list[Activation]:
        """All of a town, the newest first."""
        found = self._collection.find({"municipality": municipality, "sort": sort}, {"_id": 0}).sort("at", DESCENDING)
        return [Activation(**{**document, "sort": Sort(document["sort"])}) for document in found]


def earlier(activations: Sequence[Activation], beginning: str | None) -> Activation | None:
    """What to go back to: the last that differs from the one that holds, or the last whose hash begins so. Pure."""
    holding = activations[0].digest if activations else None
    others = [one for one in activations if one.digest != holding]
    return next((one for one in others if one.digest.startswith(beginning or "")), None)


def stored(folder: Path, store: ObjectStore) -> Activation:
    """Checks a pack and puts its bundle into the store. Raises packs.PackError, StoreAway."""
    pack = packs.load(folder)
    content = packs.bundle(pack)
    digest = packs.digest(content)
    store.put(object_keys.ruleset_key(pack.town.slug, digest), content, "application/json")
    return Activation(pack.town.slug, digest, pack.label, now())


def stored_model(file: Path, municipality: str, store: ObjectStore) -> Activation:
    """Puts a model's file into the store. Raises NoModelError, StoreAway."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise NoModelError(f"{file}: {error.strerror}") from error
    if not content.startswith(_ZIP) or len(content) > MOST_MODEL_BYTES:
        raise NoModelError(f"{file}: no model, `python -m router learn` makes one")
    digest = hashlib.sha256(content).hexdigest()
    store.put(object_keys.model_key(municipality, digest), content, "application/octet-stream")
    at = now()
    return Activation(municipality, digest, f"{at:%Y-%m-%d}", at, Sort.MODEL)


def of_the_program(municipality: str) -> Activation:
    """The model that comes with the program holds again."""
    return Activation(municipality, _SHIPPED, "shipped", now(), Sort.MODEL)


def publication(activation: Activation) -> Record:
    """The record that makes it hold."""
    municipality, digest = activation.municipality, activation.digest
    kind = _EVENT_OF[activation.sort]
    record_key = f"{municipality}/{kind.event_type}".encode()
    if digest == _SHIPPED:
        return Record(RULESETS.name, record_key, None)
    published = identity.event_id(identity.NAMESPACE, f"{municipality}/{digest}")
    key = _KEY_OF[activation.sort](municipality, digest)
    event = new_event(
        kind(digest=digest, object_key=key, label=activation.label),
        id=published,
        source="/tickets",
        time=activation.at,
        subject=published,
        municipality=municipality,
        confidentiality=Confidentiality.OPEN,
    )
    return Record(RULESETS.name, record_key, event.to_bytes())
