"""How well messages were understood: shares with 95 % intervals. Pure.

Intervals are Wilson's score intervals (E. B. Wilson, 1927): they hold for shares near 1 too.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from contracts.formats import ClassifiedMessage
from contracts.types import Kind
from packs.folding import folded_words
from understanding.messages import Message

_Z = 1.959964
WITHIN = 3
CORRECT_FROM = 0.97
"""What is decided without a person shall be this often right."""
URGENT_PRECISION = 0.7
"""What is raised as urgent shall be this often so."""
FALSE_ALARMS = 0.01
"""At most this share of harmless messages may raise an emergency by likeness; the rules need the rest of the 0.02."""


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share; 0 of 0 is 0."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval of 95 %."""
        if not self.of:
            return 0.0, 1.0
        share, spread = self.value, _Z * _Z / self.of
        middle = (share + spread / 2) / (1 + spread)
        half = _Z / (1 + spread) * math.sqrt(share * (1 - share) / self.of + spread / (4 * self.of))
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} ({low:.3f}-{high:.3f}, {self.hits} of {self.of})"


@dataclass(frozen=True)
class Judged:
    """A message, and what was made of it."""

    message: Message
    decision: ClassifiedMessage

    @property
    def right(self) -> bool:
        """Whether the first guess is the category."""
        return self.decision.category == self.message.category

    @property
    def sureness(self) -> float:
        """The probability of the first guess."""
        return self.decision.candidates[0].probability


def share(judged: Iterable[Judged], right: Callable[[Judged], bool]) -> Share:
    """How many are right."""
    answers = [right(one) for one in judged]
    return Share(sum(answers), len(answers))


def within(one: Judged) -> bool:
    """Whether the category is among the first three."""
    return one.message.category in [candidate.category for candidate in one.decision.candidates[:WITHIN]]


def figures(judged: Sequence[Judged], area_of: Callable[[str], str]) -> dict[str, Share]:
    """The shares that the aims are set for, by name."""
    urgent = [one for one in judged if one.message.urgent]
    raised = [one for one in judged if one.decision.urgent]
    emergencies = [one for one in judged if one.message.kind == Kind.EMERGENCY]
    calm = [one for one in judged if one.message.kind != Kind.EMERGENCY]
    outside = [one for one in judged if one.message.body is not None]
    decided = [one for one in judged if one.decision.decided]
    return {
        "category, first guess": share(judged, lambda one: one.right),
        "category, within three": share(judged, within),
        "area": share(judged, lambda one: area_of(one.decision.category) == area_of(one.message.category)),
        "kind": share(judged, lambda one: one.decision.kind == one.message.kind),
        "body, all messages": share(judged, _same_body),
        "body, where an outside one is right": share(outside, _same_body),
        "urgent, found": share(urgent, lambda one: one.decision.urgent),
        "urgent, rightly raised": share(raised, lambda one: one.message.urgent),
        "emergency, found": share(emergencies, lambda one: one.decision.kind == Kind.EMERGENCY),
        "emergency, false alarms": share(calm, lambda one: one.decision.kind == Kind.EMERGENCY),
        "further matters, some offered where there are": share(
            [one for one in judged if one.message.also], lambda one: one.decision.multi
        ),
        "further matters, offered where there are none": share(
            [one for one in judged if not one.message.also], lambda one: one.decision.multi
        ),
        "thanks taken for complaint": share(
            [one for one in judged if one.message.kind == Kind.PRAISE], lambda one: one.decision.kind == Kind.COMPLAINT
        ),
        "taken for thanks, and is none": share(
            [one for one in judged if one.message.kind != Kind.PRAISE], lambda one: one.decision.kind == Kind.PRAISE
        ),
        "decided without a person": Share(len(decided), len(judged)),
        "right of what was decided": share(decided, lambda one: one.right),
    }


def _same_body(one: Judged) -> bool:
    return one.decision.external == one.message.body


def macro_bodies(judged: Sequence[Judged]) -> tuple[float, float]:
    """Recall and precision over the outside bodies, each body counting the same."""
    bodies = sorted({one.message.body for one in judged if one.message.body is not None})
    recalls, precisions = [], []
    for body in bodies:
        true = [one for one in judged if one.message.body == body]
        said = [one for one in judged if one.decision.external == body]
        recalls.append(share(true, _same_body).value)
        precisions.append(share(said, _same_body).value)
    return _mean(recalls), _mean(precisions)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def place_words(judged: Iterable[Judged]) -> tuple[float, float, float]:
    """Precision, recall and F1 of the words that say where it is."""
    both = said = true = 0
    for one in judged:
        found, right = (
            Counter(folded_words(phrase or "")) for phrase in (one.decision.place.phrase, one.message.place)
        )
        both += sum((found & right).values())
        said += sum(found.values())
        true += sum(right.values())
    precision, recall = both / said if said else 0.0, both / true if true else 0.0
    return precision, recall, 2 * both / (said + true) if said + true else 0.0


def confusions(judged: Iterable[Judged], most: int = 15) -> list[tuple[str, str, int]]:
    """What is taken for what: the category, the guess, how often."""
    pairs = Counter((one.message.category, one.decision.category) for one in judged if not one.right)
    return [(true, guess, count) for (true, guess), count in pairs.most_common(most)]


@dataclass(frozen=True)
class Step:
    """Messages of about the same probability: how probable their guess was on average, and how often it was right."""

    expected: float
    right: Share


def calibration(judged: Iterable[Judged], steps: int = 10) -> list[Step]:
    """Steps of equal width; those that nothing fell into are left out."""
    heaps: dict[int, list[Judged]] = defaultdict(list)
    for one in judged:
        heaps[min(steps - 1, int(one.sureness * steps))].append(one)
    return [
        Step(_mean([one.sureness for one in heap]), share(heap, lambda one: one.right))
        for _, heap in sorted(heaps.items())
    ]


def threshold(judged: Iterable[tuple[float, bool]], correct: float = CORRECT_FROM) -> tuple[float, float]:
    """The lowest probability from which on guesses are right often enough, and the share of messages above it; (1, 0) for none."""
    ordered = sorted(judged, key=lambda pair: -pair[0])
    hits, best = 0, (1.0, 0.0)
    for number, (sureness, right) in enumerate(ordered, 1):
        hits += right
        if hits / number >= correct:
            best = (sureness, number / len(ordered))
    return best


def precise(judged: Iterable[tuple[float, bool]], precision: float = URGENT_PRECISION) -> float:
    """The lowest probability from which on alarms are right often enough; 1 for none."""
    return threshold(judged, precision)[0]


def alarm(judged: Iterable[tuple[float, bool]], false_alarms: float = FALSE_ALARMS) -> float:
    """The lowest probability from which on not more than so large a share of what is harmless raises an alarm; 1 for none."""
    harmless = sorted((probability for probability, right in judged if not right), reverse=True)
    allowed = int(len(harmless) * false_alarms)
    if allowed >= len(harmless):
        return 1.0
    return min(1.0, math.nextafter(harmless[allowed], 2.0))
