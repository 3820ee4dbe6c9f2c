"""The AsyncAPI 3.0 document: channels are Kafka topics with their dead letters, operations are what each service does with them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from contracts.registry import Topic

DEAD_LETTER = "dead-letter"
DEAD_LETTERS_KEPT = timedelta(days=29)
BINDING = "0.5.0"


def document(topics: Iterable[Topic], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The document; `schemas` are the components' schemas by name, each event's under its type."""
    topics = tuple(topics)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Municipal helpdesk",
            "version": "1.0.0",
            "description": "The events between the services. Generated from the contracts: `python -m contracts generate`.",
            "license": {"name": "EUPL-1.2"},
        },
        "defaultContentType": "application/json",
        "channels": dict(_channels(topics)),
        "operations": dict(_operations(topics)),
        "components": {"messages": dict(_messages(topics, schemas)), "schemas": dict(schemas)},
    }


def _channels(topics: tuple[Topic, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    for topic in topics:
        messages = {event.event_type: _reference("components", "messages", event.event_type) for event in topic.events}
        yield topic.name, _channel(topic.name, topic, topic.retention, topic.compacted, messages, f"Key: {topic.key}.")
        for reader in topic.readers:
            name = topic.dead_letters(reader)
            messages = {DEAD_LETTER: _reference("components", "messages", DEAD_LETTER)}
            description = (
                f"What {reader} could not handle of {topic.name}, untouched, until `python -m kit dead-letters replay`."
            )
            yield name, _channel(name, topic, DEAD_LETTERS_KEPT, False, messages, description)


def _channel(
    name: str, topic: Topic, retention: timedelta | None, compacted: bool, messages: dict[str, Any], description: str
) -> dict[str, Any]:
    kept: dict[str, Any] = {"cleanup.policy": ["compact" if compacted else "delete"]}
    if not compacted:
        kept["retention.ms"] = -1 if retention is None else int(retention.total_seconds() * 1000)
    kafka = {"topic": name, "partitions": topic.partitions, "topicConfiguration": kept, "bindingVersion": BINDING}
    return {"address": name, "description": description, "messages": messages, "bindings": {"kafka": kafka}}


def _operations(topics: tuple[Topic, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    for topic in topics:
        names = [event.event_type for event in topic.events]
        for writer in topic.writers:
            yield (
                f"{writer}.writes.{topic.name}",
                _operation("send", topic.name, names, f"{writer} writes {topic.name}."),
            )
        for reader in topic.readers:
            read = f"{reader} reads {topic.name} in a consumer group."
            yield f"{reader}.reads.{topic.name}", _operation("receive", topic.name, names, read)
            dead = topic.dead_letters(reader)
            yield f"{reader}.writes.{dead}", _operation("send", dead, [DEAD_LETTER], f"{reader} sets aside.")
        for follower in topic.followers:
            followed = f"{follower} reads {topic.name} whole, without a group, and follows it."
            yield f"{follower}.follows.{topic.name}", _operation("receive", topic.name, names, followed)


def _operation(action: str, channel: str, messages: list[str], summary: str) -> dict[str, Any]:
    named = [_reference("channels", channel, "messages", name) for name in messages]
    return {"action": action, "channel": _reference("channels", channel), "summary": summary, "messages": named}


def _messages(topics: tuple[Topic, ...], schemas: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for topic in topics:
        for event in topic.events:
            name = event.event_type
            yield (
                name,
                {
                    "name": name,
                    "title": name,
                    "summary": " ".join((event.__doc__ or "").split()),
                    "payload": _reference("components", "schemas", name) if name in schemas else {},
                    "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": BINDING}},
                },
            )
    yield (
        DEAD_LETTER,
        {
            "name": DEAD_LETTER,
            "title": "A record that could not be handled",
            "summary": "Key and value as they came; why, where from and first seen when are in the headers.",
            "contentType": "application/octet-stream",
            "payload": {"type": "string", "format": "binary"},
            "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": BINDING}},
        },
    )


def _reference(*steps: str) -> dict[str, str]:
    return {"$ref": "#/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)}
