"""The AsyncAPI document: every reference leads somewhere, and it says what the registry and the schemas say."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.generate import asyncapi, defined_events, schema_of, whole_contract
from contracts.registry import TOPICS, Topic

Document = dict[str, Any]
DOCUMENT: Document = json.loads(asyncapi(whole_contract()))


def references(value: Any) -> Iterator[str]:
    """All references below a value."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and "$ref" in value:
        yield str(value["$ref"])
    for part in parts:
        yield from references(part)


def target(document: Document, reference: str) -> Any:
    """What a reference leads to; None where it leads nowhere."""
    place: Any = document
    for step in reference.removeprefix("#/").split("/"):
        place = place.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(place, dict) else None
    return place


def faults(document: Document) -> list[str]:
    """References that lead nowhere, messages that are not of the operation's channel, components that nobody uses."""
    used = set(references(document))
    found = [f"nowhere: {reference}" for reference in sorted(used) if target(document, reference) is None]
    for name, operation in document["operations"].items():
        channel = operation["channel"]["$ref"]
        found += [
            f"{name}: {message['$ref']}"
            for message in operation["messages"]
            if not message["$ref"].startswith(channel + "/")
        ]
    for kind, components in document["components"].items():
        found += [f"unused: {name}" for name in components if f"#/components/{kind}/{name}" not in used]
    return found


def test_every_reference_leads_somewhere_and_every_component_is_used() -> None:
    assert faults(DOCUMENT) == []


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        (("channels", "reports", "messages", "report.received"), {"$ref": "#/components/messages/lost"}, "nowhere: "),
        (
            ("operations", "tickets.reads.reports", "messages"),
            [{"$ref": "#/channels/routing/messages/routing.decided"}],
            "tickets.reads.reports: ",
        ),
        (("components", "schemas", "Lost"), {"type": "string"}, "unused: Lost"),
    ],
)
def test_a_broken_document_is_found(place: tuple[str, ...], value: Any, fault: str) -> None:
    broken = copy.deepcopy(DOCUMENT)
    target(broken, "#/" + "/".join(place[:-1]))[place[-1]] = value
    assert [found for found in faults(broken) if found.startswith(fault)]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_and_its_dead_letters_are_channels_with_the_same_partitions(topic: Topic) -> None:
    names = [topic.name, *(topic.dead_letters(reader) for reader in topic.readers)]
    for name in names:
        assert DOCUMENT["channels"][name]["address"] == name
        assert DOCUMENT["channels"][name]["bindings"]["kafka"]["partitions"] == topic.partitions
    assert set(DOCUMENT["channels"][topic.name]["messages"]) == {event.event_type for event in topic.events}


def test_there_are_no_other_channels() -> None:
    dead = [topic.dead_letters(reader) for topic in TOPICS for reader in topic.readers]
    assert sorted(DOCUMENT["channels"]) == sorted([*(topic.name for topic in TOPICS), *dead])


def test_every_writer_and_reader_has_its_operation() -> None:
    operations = DOCUMENT["operations"]
    for topic in TOPICS:
        for writer in topic.writers:
            assert operations[f"{writer}.writes.{topic.name}"]["action"] == "send"
        for reader in topic.readers:
            assert operations[f"{reader}.reads.{topic.name}"]["action"] == "receive"
            assert operations[f"{reader}.writes.{topic.dead_letters(reader)}"]["action"] == "send"
        for follower in topic.followers:
            assert operations[f"{follower}.follows.{topic.name}"]["action"] == "receive"


def test_personal_topics_are_kept_for_29_days_and_rulesets_for_ever() -> None:
    kept = {name: channel["bindings"]["kafka"]["topicConfiguration"] for name, channel in DOCUMENT["channels"].items()}
    assert kept.pop("rulesets") == {"cleanup.policy": ["compact"]}
    assert {json.dumps(configuration) for configuration in kept.values()} == {
        json.dumps({"cleanup.policy": ["delete"], "retention.ms": 29 * 24 * 3600 * 1000})
    }


@pytest.mark.parametrize("model", defined_events(), ids=lambda model: model.event_type)
def test_the_document_holds_the_same_schemas_as_the_files(model: Any) -> None:
    text = json.dumps(schema_of(model)).replace("#/$defs/", "#/components/schemas/")
    schema = json.loads(text)
    schemas = DOCUMENT["components"]["schemas"]
    for name, definition in schema.pop("$defs").items():
        assert schemas[name] == definition
    assert {**schemas[model.event_type], "$schema": schema["$schema"], "$id": schema["$id"]} == schema
