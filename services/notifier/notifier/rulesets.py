"""The packs that hold now, by municipality: told by the topic `rulesets`, content from the object store."""

import logging
import threading
from collections.abc import Callable

from contracts.envelope import UnreadableEvent, parse_event
from contracts.registry import RULESETS
from contracts.rulesets import RulesetPublished
from kit.object_store import ObjectMissing, ObjectStore, StoreAway
from packs import Pack, PackError, digest, unbundle

_KNOWN = {event.event_type: event for event in RULESETS.events}

logger = logging.getLogger(__name__)


class Rulesets:
    """The newest pack of each municipality. A broken one is logged and the one before holds on."""

    def __init__(self, store: ObjectStore, *, pause: Callable[[float], bool]) -> None:
        """`pause` waits between tries while the object store is away; true where the service is to stop."""
        self._store, self._pause = store, pause
        self._packs: dict[str, Pack] = {}
        self._lock = threading.Lock()

    def pack_of(self, municipality: str) -> Pack | None:
        """The pack; None where none has come yet."""
        return self._packs.get(municipality)

    def check(self) -> str | None:
        """Readiness: None when there is a pack at all."""
        return None if self._packs else "no-ruleset"

    def change(self, key: bytes, value: bytes) -> None:
        """Takes a record of the topic; waits while the object store is away, since nothing can be written without the pack."""
        try:
            event = parse_event(value, _KNOWN)
        except UnreadableEvent as error:
            logger.error("ruleset_unreadable", extra={"reason": str(error)})
            return
        if not isinstance(event.data, RulesetPublished):
            return
        content = self._content(event.data.object_key)
        about = {"municipality": event.municipality, "digest": event.data.digest, "label": event.data.label}
        if content is None or digest(content) != event.data.digest:
            logger.error("ruleset_missing_or_changed", extra=about)
            return
        try:
            pack = unbundle(content)
        except PackError:
            logger.error("ruleset_broken", extra=about)
            return
        with self._lock:
            self._packs = {**self._packs, event.municipality: pack}
        logger.info("ruleset_taken", extra=about)

    def _content(self, key: str) -> bytes | None:
        pause = 0.2
        while True:
            try:
                return self._store.get(key)
            except ObjectMissing:
                return None
            except StoreAway:
                logger.warning("object_store_away")
                if self._pause(pause):
                    return None
                pause = min(pause * 2, 5.0)
