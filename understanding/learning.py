"""From the messages and the lexicon to the model that the router ships with. Pure but for reading the files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from contracts.formats import MessageToClassify
from packs import Pack
from router.decision import Router
from router.matter import CaseText
from router.model.linear import NO_BODY, LinearModel
from router.model.training import BODY, CATEGORY, KIND, URGENT, Example, train
from understanding.lexicon import read_lexicon
from understanding.messages import Message
from understanding.parts import Part, part_of

_PACK_COUNTS = 3
"""How often the pack's own names and examples are learnt: they are few, and a town relies on them."""


def trained(messages: Iterable[Message], lexicon: Path, pack: Pack) -> LinearModel:
    """A model that has seen the messages, and the pack's names and examples."""
    examples = [*(example(message) for message in messages), *_of_pack(pack) * _PACK_COUNTS]
    return train(examples, read_lexicon(lexicon))


def of_part(messages: Iterable[Message], part: Part) -> list[Message]:
    """The messages of one part."""
    return [message for message in messages if part_of(message.scenario) == part]


def example(message: Message) -> Example:
    """What a message teaches."""
    answers = {
        CATEGORY: message.category,
        KIND: message.kind.value,
        URGENT: str(int(message.urgent)),
        BODY: message.body or NO_BODY,
    }
    return Example(CaseText(message.subject, message.text), answers)


def _of_pack(pack: Pack) -> list[Example]:
    return [
        Example(CaseText(text=text), {CATEGORY: category.slug})
        for category in pack.categories
        for text in (category.name, *category.examples)
    ]


def to_classify(identity: str, message: Message) -> MessageToClassify:
    """A message as `router classify` reads it."""
    return MessageToClassify(id=identity, channel=message.channel, subject=message.subject, text=message.text)


def decisive(router: Router, messages: Iterable[Message]) -> Iterator[tuple[float, bool]]:
    """For each message that likeness decides: how probable the first guess is, and whether it is right."""
    for message in messages:
        decision = router.decide(CaseText(message.subject, message.text))
        yield decision.candidates[0].probability, decision.category == message.category
