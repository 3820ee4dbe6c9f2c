"""What a model sees of a text: words, their parts, neighbouring words, and entries of the lexicon. Pure.

Training and service use this very code, so that they cannot differ.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from router.words import Phrases, Word

CONCEPT = "concept-"
"""Begins the names of lists that belong to no category."""
_SIZES = (3, 4, 5)
_LONGEST_WORD = 24
_STEM = 5
_LONGEST = 600
_EMPTY = frozenset(
    [
        "a",
        "i",
        "k",
        "s",
        "v",
        "z",
        "o",
        "u",
        "se",
        "si",
        "na",
        "ve",
        "ze",
        "je",
        "do",
        "od",
        "po",
        "za",
        "by",
        "to",
        "ten",
        "ta",
        "ty",
        "tam",
        "tu",
        "uz",
        "jsem",
        "jsme",
        "jsou",
        "byl",
        "byla",
        "bylo",
        "pro",
        "pri",
        "pod",
        "nad",
        "jak",
        "tak",
        "ale",
        "nebo",
        "kde",
        "co",
        "ktery",
        "ktera",
        "ktere",
        "the",
        "and",
        "is",
        "of",
        "in",
        "der",
        "die",
        "das",
        "und",
    ]
)


class FeatureFinder:
    """Finds the features of texts. Prepared once with a lexicon: pairs of a list's name and a phrase."""

    def __init__(self, lexicon: Iterable[tuple[str, str]]) -> None:
        self._lexicon: Phrases[str] = Phrases(lexicon, gap=2)

    def features(self, subject: Sequence[Word], text: Sequence[Word]) -> list[str]:
        """The features of a message. A part that two of its words have comes twice: so a word says the same everywhere."""
        words = considered(subject, text)
        parts = [part for word in dict.fromkeys(word.folded for word in words) for part in parts_of(word)]
        return [*parts, *dict.fromkeys(self.beyond_words(subject, words))]

    def beyond_words(self, subject: Sequence[Word], words: Sequence[Word]) -> Iterator[str]:
        """The features that no single word has: pairs, entries of the lexicon, and that a word is the subject's; each counts once."""
        yield from _pairs(words)
        # In a fixed order: sums of the same numbers differ in their last place when it changes, and so would the model.
        lists = sorted({phrase.owner for phrase in self._lexicon.find(words)})
        yield from (f"#{name}" for name in lists)
        yield from _both(lists)
        yield from _together(lists)
        yield from (f"s:{word.folded[:_STEM]}" for word in subject)


def considered(subject: Sequence[Word], text: Sequence[Word]) -> list[Word]:
    """The words that count, the subject's first."""
    return [*subject, *text][:_LONGEST]


def is_lexicon(feature: str) -> bool:
    """Whether a feature says that entries of the lexicon were found."""
    return feature.startswith("#")


def parts_of(word: str) -> list[str]:
    """A word, and its runs of three to five signs, each once."""
    cut = word[:_LONGEST_WORD]
    padded = f"_{cut}_"
    runs = (padded[start : start + size] for size in _SIZES for start in range(len(padded) - size + 1))
    return list(dict.fromkeys((f"={cut}", *runs)))


def _pairs(words: Sequence[Word]) -> Iterator[str]:
    """Beginnings of words that follow each other, with up to one between; small words count for nothing."""
    stems = [word.folded[:_STEM] for word in words if word.folded not in _EMPTY]
    for number, stem in enumerate(stems):
        for other in stems[number + 1 : number + 3]:
            yield f"{stem}+{other}"


def _both(lists: Iterable[str]) -> Iterator[str]:
    """Categories of which both the object and the defect were found."""
    having: dict[str, int] = {}
    for name in lists:
        category = name.partition(".")[0]
        having[category] = having.get(category, 0) + 1
    return (f"##{category}" for category, count in having.items() if count > 1)


def _together(lists: Iterable[str]) -> Iterator[str]:
    """Pairs of concepts, which belong to no one category: a dog and noise, a dog and dirt."""
    concepts = sorted(name for name in lists if name.startswith(CONCEPT))
    return (f"%{one}&{other}" for one, other in combinations(concepts, 2))
