"""What is wrong with the messages. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from packs import Pack
from understanding.likeness import near_copies
from understanding.messages import LARGEST_SCENARIO, Message


def unknown(messages: Sequence[Message], pack: Pack) -> Iterator[str]:
    """Categories and sorts of bodies that the pack does not have."""
    categories = {category.slug for category in pack.categories}
    bodies = {kind.slug for kind in pack.body_types}
    for message in messages:
        for category in (message.category, *(other.category for other in message.also)):
            if category not in categories:
                yield f"{message.file}:{message.line}: there is no category {category}"
        if message.body is not None and message.body not in bodies:
            yield f"{message.file}:{message.line}: there is no sort of body {message.body}"


def large_scenarios(messages: Sequence[Message]) -> Iterator[str]:
    """Scenarios with more messages than one event may have."""
    for scenario, count in Counter(message.scenario for message in messages).items():
        if count > LARGEST_SCENARIO:
            yield f"{scenario}: {count} messages, {LARGEST_SCENARIO} at most"


def copies(blind: Sequence[Message], messages: Sequence[Message]) -> Iterator[str]:
    """Messages of the blind test that are too like one that may be learnt from."""
    texts, among = ([f"{one.subject} {one.text}" for one in group] for group in (blind, messages))
    for number, other, alike in near_copies(texts, among):
        one, known = blind[number], messages[other]
        yield f"{one.file}:{one.line}: {alike:.2f} like {known.file}:{known.line}"
