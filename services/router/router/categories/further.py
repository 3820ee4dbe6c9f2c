"""Further matters of a message: sentences that are about something else than the main matter. Pure.

Each is an offer to a person, never a decision.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from router.matter import Sentence

FROM = 0.8
"""So probable has a sentence's category to be. Found on messages of the training part, among them pairs put together."""
_AGAINST_MAIN = 0.1
"""In a sentence where the main matter is more probable than this, it goes on about the main matter."""
_IN_WHOLE_FROM = 0.001
"""So probable the category has to be for the whole message: a fifth fewer wrong offers, and a fifth of the messages need not be asked sentence by sentence."""
_LEAST_WORDS = 3
_MOST = 3


@dataclass(frozen=True)
class Further:
    """Another matter, and its sentences as written."""

    category: str
    text: str


def possible(main: str, whole: Mapping[str, float], accompanying: Collection[str]) -> frozenset[str]:
    """Which other matters a message may have. `whole`: each category's probability for the whole message.

    `accompanying`: categories of what only goes with a matter: thanks, a question how it stands.
    """
    return frozenset(
        category
        for category, share in whole.items()
        if share >= _IN_WHOLE_FROM and category != main and category not in accompanying
    )


def further(
    main: str, sentences: Iterable[tuple[Sentence, Mapping[str, float]]], among: Collection[str]
) -> tuple[Further, ...]:
    """Other matters in the order of the text. `sentences` with each category's probability; `among`: those that are possible."""
    found: dict[str, list[str]] = {}
    for sentence, shares in sentences:
        best = max(shares, key=shares.__getitem__, default=main)
        stands_alone = (
            len(sentence.words) >= _LEAST_WORDS
            and best in among
            and shares[best] >= FROM
            and shares.get(main, 0.0) <= _AGAINST_MAIN
        )
        if stands_alone:
            found.setdefault(best, []).append(sentence.text)
    return tuple(Further(category, " ".join(texts)) for category, texts in list(found.items())[:_MOST])
