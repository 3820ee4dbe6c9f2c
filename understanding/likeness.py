"""Whether two messages are near copies of each other: a near copy of a test in the training makes any figure worthless. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from packs.folding import fold

SIZE = 5
TOO_LIKE = 0.3
"""Jaccard index of two texts' runs of five signs."""
_SHORTEST = 20
"""`kde máte sběrný dvůr` may be asked by anybody: so few signs prove nothing."""


def runs(text: str) -> frozenset[str]:
    """All runs of five signs of a text, folded, with single spaces."""
    plain = re.sub(r"\s+", " ", fold(text)).strip()
    return frozenset(plain[start : start + SIZE] for start in range(len(plain) - SIZE + 1))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """0 for nothing in common, 1 for the same."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def near_copies(
    texts: Sequence[str], among: Sequence[str], least: float = TOO_LIKE
) -> Iterator[tuple[int, int, float]]:
    """Each of `texts` with those of `among` that it is too like: the two numbers and the likeness."""
    others = [runs(text) for text in among]
    having: dict[str, list[int]] = defaultdict(list)
    for number, known in enumerate(others):
        for run in known:
            having[run].append(number)
    for number, text in enumerate(texts):
        own = runs(text)
        if len(own) < _SHORTEST:
            continue
        shared: dict[int, int] = defaultdict(int)
        for run in own:
            for other in having.get(run, ()):
                shared[other] += 1
        for other, both in sorted(shared.items()):
            alike = both / (len(own) + len(others[other]) - both)
            if alike >= least and len(others[other]) >= _SHORTEST:
                yield number, other, alike
