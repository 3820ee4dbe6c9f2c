"""The models that hold now, by municipality: told by the topic `rulesets`, content fetched by reference.

A town of which nothing was told works with the model that comes with the program. What cannot be used is logged and left out: the
model before it goes on holding.
"""

import hashlib
import logging
from collections.abc import Callable

from contracts.envelope import UnreadableEvent, parse_event
from contracts.registry import RULESETS
from contracts.rulesets import ModelActivated
from router.model.stored import Model, ModelRefusedError, read

_KNOWN = {event.event_type: event for event in RULESETS.events}

logger = logging.getLogger(__name__)


class ModelShelf:
    """`fetch` gives an object's content by its key, None where there is none; it waits while the store is away."""

    def __init__(self, fetch: Callable[[str], bytes | None], shipped: Model | None) -> None:
        self._fetch, self._shipped = fetch, shipped
        self._models: dict[str, Model] = {}

    def model_of(self, municipality: str) -> Model | None:
        """The model that holds; None where there is none at all."""
        return self._models.get(municipality, self._shipped)

    def take(self, key: bytes, value: bytes | None) -> None:
        """A record of the topic. Without a value the program's own model holds again."""
        municipality, _, event_type = key.decode(errors="replace").partition("/")
        if event_type != ModelActivated.event_type:
            return
        if value is None:
            self._models.pop(municipality, None)
            logger.info("model_taken", extra={"municipality": municipality, "label": "shipped"})
            return
        try:
            event = parse_event(value, _KNOWN)
        except UnreadableEvent as error:
            logger.error("model_refused", extra={"reason": str(error)})
            return
        self._hold(event.municipality, event.data)

    def _hold(self, municipality: str, told: ModelActivated) -> None:
        about = {"municipality": municipality, "digest": told.digest, "label": told.label}
        content = self._fetch(told.object_key)
        if content is None or hashlib.sha256(content).hexdigest() != told.digest:
            logger.error("model_refused", extra={**about, "reason": "missing or changed"})
            return
        try:
            self._models[municipality] = read(content)
        except ModelRefusedError as error:
            logger.error("model_refused", extra={**about, "reason": str(error)})
            return
        logger.info("model_taken", extra=about)
