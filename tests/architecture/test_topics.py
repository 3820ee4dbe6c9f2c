"""The topics that kit makes are the ones that the contracts tell: the registry, the AsyncAPI document and the broker agree."""

import json
from pathlib import Path
from typing import Any

from contracts.registry import TOPICS
from kit.topics import Copies, wanted_topics


def test_the_topics_made_are_the_channels_of_the_document(root: Path) -> None:
    document: dict[str, Any] = json.loads((root / "contracts" / "asyncapi.json").read_bytes())
    told = {name: channel["bindings"]["kafka"] for name, channel in document["channels"].items()}
    made = {topic.topic: topic for topic in wanted_topics(TOPICS, Copies.on(3))}
    assert made.keys() == told.keys()
    for name, topic in made.items():
        configuration, config = told[name]["topicConfiguration"], topic.config or {}
        assert topic.num_partitions == told[name]["partitions"]
        assert config.get("cleanup.policy", "delete") == configuration["cleanup.policy"][0]
        if "retention.ms" in configuration:
            assert config["retention.ms"] == str(configuration["retention.ms"])
