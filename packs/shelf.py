"""The packs that hold now, by municipality: told by the topic `rulesets`, content fetched by reference.

Every service that needs packs keeps one shelf. A broken entry is logged and left out: the pack before it goes on holding.
"""

import logging
import threading
from collections.abc import Callable

from contracts.envelope import Event, UnreadableEvent, parse_event
from contracts.registry import RULESETS
from contracts.rulesets import RulesetPublished
from packs.bundle import digest, unbundle
from packs.findings import PackError
from packs.pack import Pack

_KNOWN = {event.event_type: event for event in RULESETS.events}

logger = logging.getLogger(__name__)


class PackShelf:
    """`fetch` gives an object's content by its key, None where there is none; it waits while the store is away."""

    def __init__(self, fetch: Callable[[str], bytes | None]) -> None:
        self._fetch = fetch
        self._packs: dict[str, tuple[Pack, str]] = {}
        self.filled = threading.Event()
        """Set when there is a first pack to work with."""

    def pack_of(self, municipality: str) -> Pack | None:
        """The pack that holds; None where none has come yet."""
        held = self._packs.get(municipality)
        return held[0] if held else None

    def held(self, municipality: str) -> tuple[Pack, str] | None:
        """The pack that holds and the hash by which it is named; None where none has come yet."""
        return self._packs.get(municipality)

    def check(self) -> str | None:
        """Readiness: None when there is a pack at all."""
        return None if self._packs else "no-pack"

    def take(self, _: bytes, value: bytes | None) -> None:
        """A record of the topic: what it names is fetched, checked against its hash and held from now on. A pack is never taken away."""
        if value is None:
            return
        try:
            event = parse_event(value, _KNOWN)
        except UnreadableEvent as error:
            logger.error("ruleset_refused", extra={"reason": str(error)})
            return
        if isinstance(event.data, RulesetPublished):
            self._hold(event)

    def _hold(self, event: Event[RulesetPublished]) -> None:
        about = {"municipality": event.municipality, "digest": event.data.digest, "label": event.data.label}
        content = self._fetch(event.data.object_key)
        if content is None or digest(content) != event.data.digest:
            logger.error("ruleset_refused", extra={**about, "reason": "missing or changed"})
            return
        try:
            pack = unbundle(content)
        except PackError:
            logger.error("ruleset_refused", extra={**about, "reason": "not a pack"})
            return
        self._packs[event.municipality] = (pack, event.data.digest)
        self.filled.set()
        logger.info("ruleset_taken", extra=about)
