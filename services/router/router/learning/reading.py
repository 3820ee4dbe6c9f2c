"""What a town's cases and its model are read from: the broker's topics and the object store."""

import threading
from collections.abc import Iterator
from typing import Any

from contracts.envelope import Event, UnreadableEvent, parse_event
from contracts.registry import RULESETS, TICKET_EVENTS
from kit.compacted import CompactedView
from kit.object_store import S3ObjectStore, get_patiently
from kit.partitions import groupless_client, partitions_of, read_partition
from router.model.shelf import ModelShelf
from router.model.stored import Model, shipped
from router.settings import Settings

_KNOWN = {event.event_type: event for event in TICKET_EVENTS.events}


def town_events(bootstrap: str, municipality: str) -> Iterator[Event[Any]]:
    """All ticket events of a town that the topic still has; each ticket's in their order. Raises BrokerAway."""
    client = groupless_client(bootstrap)
    try:
        for partition in partitions_of(client, TICKET_EVENTS.name):
            for message in read_partition(client, TICKET_EVENTS.name, partition):
                try:
                    event = parse_event(message.value, _KNOWN)
                except UnreadableEvent:
                    # The service has put it with its dead letters; nothing can be learnt of it.
                    continue
                if event.municipality == municipality:
                    yield event
    finally:
        client.close()


def holding_model(settings: Settings, municipality: str) -> Model | None:
    """The model with which the town's router decides now. Raises BrokerAway."""
    store = S3ObjectStore.connect(settings)
    shelf = ModelShelf(lambda key: get_patiently(store, key, threading.Event()), shipped())
    CompactedView(settings.kafka_bootstrap, RULESETS.name, shelf.take).load()
    return shelf.model_of(municipality)
