"""Which category a message is like: beginnings of words that speak for it, and likeness to names and examples. Pure.

Numbers and no model: everything comes from the pack, so a town that adds examples changes what the router knows.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from packs import Pack
from packs.folding import folded_words
from router.words import Phrases, Word

# Found by leaving each example of the pack out in turn and asking for its category.
STEM_WEIGHT = 0.16
LIKENESS_WEIGHT = 1.0
SHARPNESS = 22.0
LEAST_WORTH, WORTH_PER_LETTER, MOST_WORTH = 0.4, 0.15, 2.5
_SUBJECT_COUNTS = 2
_LONGEST = 120
_SIZES = (3, 4, 5)


@dataclass(frozen=True)
class Candidate:
    """A category with its probability, and the words of the message that spoke for it."""

    category: str
    probability: float
    words: tuple[str, ...] = ()


class Likeness:
    """Prepared once for a pack; then about a millisecond a message."""

    def __init__(self, pack: Pack) -> None:
        self._slugs = [category.slug for category in pack.categories]
        self._stems: Phrases[int] = Phrases(
            (number, stem) for number, category in enumerate(pack.categories) for stem in category.stems
        )
        self._worth = _worth(pack)
        documents = [
            [category.name, category.name, category.name_en, *category.stems, *category.examples]
            for category in pack.categories
        ]
        self._likeness = _likeness_index(documents)

    @classmethod
    def from_pack(cls, pack: Pack) -> "Likeness":
        """The classifier of a pack."""
        return cls(pack)

    def candidates(self, subject: Sequence[Word], text: Sequence[Word]) -> list[Candidate]:
        """All categories, the likeliest first; their probabilities sum to 1. Empty where nothing speaks for any."""
        words = [*list(subject) * _SUBJECT_COUNTS, *text][:_LONGEST]
        stems, spoken = self._stem_scores(words)
        likeness = self._likeness_scores(word.folded for word in words)
        scores = [STEM_WEIGHT * stem + LIKENESS_WEIGHT * alike for stem, alike in zip(stems, likeness, strict=True)]
        best = max(scores, default=0.0)
        if best <= 0:
            return []
        powers = [math.exp(SHARPNESS * (score - best)) for score in scores]
        whole = sum(powers)
        ranked = sorted(range(len(powers)), key=lambda number: -powers[number])
        return [Candidate(self._slugs[n], powers[n] / whole, tuple(dict.fromkeys(spoken[n]))) for n in ranked]

    def spoken(self, text: Sequence[Word]) -> dict[str, tuple[str, ...]]:
        """For each category that the pack's stems speak for, the words of the message that they are, as written."""
        _, spoken = self._stem_scores(text[:_LONGEST])
        return {self._slugs[number]: tuple(dict.fromkeys(words)) for number, words in spoken.items()}

    def _stem_scores(self, words: Sequence[Word]) -> tuple[list[float], dict[int, list[str]]]:
        scores = [0.0] * len(self._slugs)
        spoken: dict[int, list[str]] = defaultdict(list)
        seen: set[tuple[int, str]] = set()
        for found in self._stems.find(words):
            spoken[found.owner].extend(word.raw for word in words[found.first : found.last + 1])
            if (found.owner, found.phrase) not in seen:
                seen.add((found.owner, found.phrase))
                scores[found.owner] += self._worth[found.phrase]
        # Every further stem says less than the first, so that long messages do not shout.
        return [math.sqrt(score) for score in scores], spoken

    def _likeness_scores(self, folded: Iterable[str]) -> list[float]:
        scores = [0.0] * len(self._slugs)
        square = 0.0
        for gram, count in Counter(gram for word in folded for gram in _grams(word)).items():
            entry = self._likeness.get(gram)
            if entry is None:
                continue
            rarity, categories = entry
            weight = (1 + math.log(count)) * rarity
            square += weight * weight
            for number, share in categories:
                scores[number] += weight * share
        length = math.sqrt(square) or 1.0
        return [score / length for score in scores]


def _worth(pack: Pack) -> dict[str, float]:
    """What each stem says: more the longer it is, less the more categories have it or a part of it."""
    having: dict[str, set[str]] = defaultdict(set)
    beginning: dict[str, set[str]] = defaultdict(set)
    for category in pack.categories:
        for joined in map(_joined, category.stems):
            having[joined].add(category.slug)
            for end in range(1, len(joined) + 1):
                beginning[joined[:end]].add(category.slug)
    worth = {}
    for phrase in {stem for category in pack.categories for stem in category.stems}:
        joined = _joined(phrase)
        shorter = [having[joined[:end]] for end in range(1, len(joined)) if joined[:end] in having]
        spread = len(beginning[joined].union(*shorter))
        worth[phrase] = min(MOST_WORTH, LEAST_WORTH + WORTH_PER_LETTER * len(joined)) / spread
    return worth


def _joined(phrase: str) -> str:
    return " ".join(folded_words(phrase))


def _grams(word: str) -> Iterator[str]:
    padded = f"_{word}_"
    for size in _SIZES:
        for start in range(len(padded) - size + 1):
            yield padded[start : start + size]


def _likeness_index(documents: Sequence[Sequence[str]]) -> dict[str, tuple[float, list[tuple[int, float]]]]:
    """Part of a word -> how rare it is, and its share in each category's document of length 1."""
    counts = [
        Counter(gram for text in document for word in folded_words(text) for gram in _grams(word))
        for document in documents
    ]
    spread = Counter(gram for count in counts for gram in count)
    rarity = {gram: math.log(1 + len(documents) / number) for gram, number in spread.items()}
    index: dict[str, tuple[float, list[tuple[int, float]]]] = {gram: (rare, []) for gram, rare in rarity.items()}
    for number, count in enumerate(counts):
        weights = {gram: (1 + math.log(times)) * rarity[gram] for gram, times in count.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        for gram, weight in weights.items():
            index[gram][1].append((number, weight / length))
    return index
