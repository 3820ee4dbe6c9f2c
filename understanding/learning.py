"""From the messages and the lexicon to the model that the router ships with. Pure but for reading the files."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from contracts.formats import MessageToClassify
from contracts.types import Kind
from packs import Pack
from router.decision import Router
from router.matter import CaseText, matter_of
from router.model import stored
from router.model.calibration import calibrated
from router.model.linear import BODY, CATEGORY, IS_NOT_URGENT, IS_URGENT, KIND, NO_BODY, URGENT
from router.model.place_training import MarkedText, train_places
from router.model.stored import Model, Thresholds
from router.model.training import Example, train
from router.places.finder import PlaceFinder
from understanding import measure
from understanding.lexicon import read_lexicon
from understanding.messages import Message
from understanding.parts import Part, part_of

_PACK_COUNTS = 3
"""How often the pack's own names and examples are learnt: they are few, and a town relies on them."""


def trained(messages: Sequence[Message], lexicon: Path, pack: Pack) -> Model:
    """A model that has seen the messages, and the pack's names and examples; without thresholds."""
    examples = [*(example(message) for message in messages), *_of_pack(pack) * _PACK_COUNTS]
    places = train_places([_marked(message) for message in messages], PlaceFinder(pack).named_words)
    return Model(train(examples, read_lexicon(lexicon)), places)


def tried(seen: Sequence[Message], tuning: Sequence[Message], lexicon: Path, pack: Pack) -> Model:
    """A model of what is seen, calibrated on the tuning part, with the thresholds that hold there."""
    model = trained(seen, lexicon, pack)
    model = replace(model, answers=calibrated(model.answers, [example(message) for message in tuning]))
    return replace(model, thresholds=_thresholds(model, tuning, pack))


def both(one: Callable[[], Model], other: Callable[[], Model]) -> tuple[Model, Model]:
    """Two models that are made at the same time, each by a process of its own; they come back as files."""
    with TemporaryDirectory() as folder, ProcessPoolExecutor(2) as processes:
        files = [Path(folder) / name for name in ("one.npz", "other.npz")]
        for made in [processes.submit(_into, make, file) for make, file in zip((one, other), files, strict=True)]:
            made.result()
        first, second = map(stored.load, files)
        return first, second


def _into(make: Callable[[], Model], file: Path) -> None:
    stored.save(make(), file)


def _thresholds(model: Model, tuning: Sequence[Message], pack: Pack) -> Thresholds:
    sure, _ = measure.threshold(_decisive(Router(pack, model), tuning))
    urgent, emergency = list[tuple[float, bool]](), list[tuple[float, bool]]()
    for message in tuning:
        matter = matter_of(CaseText(message.subject, message.text))
        answers = model.answers.probabilities(matter.subject, matter.text)
        urgent.append((answers[URGENT][IS_URGENT], message.urgent))
        emergency.append((answers[KIND][Kind.EMERGENCY.value], message.kind == Kind.EMERGENCY))
    return Thresholds(sure, measure.precise(urgent), measure.alarm(emergency))


def of_part(messages: Iterable[Message], part: Part) -> list[Message]:
    """The messages of one part."""
    return [message for message in messages if part_of(message.scenario) == part]


def example(message: Message) -> Example:
    """What a message teaches."""
    answers = {
        CATEGORY: message.category,
        KIND: message.kind.value,
        URGENT: IS_URGENT if message.urgent else IS_NOT_URGENT,
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


def _decisive(router: Router, messages: Iterable[Message]) -> Iterator[tuple[float, bool]]:
    """For each message that likeness decides: how probable the first guess is, and whether it is right."""
    for message in messages:
        decision = router.decide(CaseText(message.subject, message.text))
        yield decision.candidates[0].probability, decision.category == message.category


def _marked(message: Message) -> MarkedText:
    """The text as the router's place finder sees it, with the marked place in it."""
    matter = matter_of(CaseText(message.subject, message.text))
    for text in (matter.written, matter.title):
        place = " ".join((message.place or "").split())
        start = " ".join(text.split(" ")).replace("\n", " ").find(place) if place else -1
        if start >= 0:
            return MarkedText(text, (start, start + len(place)))
    return MarkedText(matter.written, None)
