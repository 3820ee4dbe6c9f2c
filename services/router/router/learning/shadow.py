"""A candidate beside the model that holds, on cases that it has not learnt from: what changes, and whether that is proven better. Pure."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LEVEL = 0.05
"""Of the paired test: so often would chance alone look this good."""


@dataclass(frozen=True)
class Tried:
    """One case: what is right, and what both say."""

    right: str
    before: str
    after: str


@dataclass(frozen=True)
class Verdict:
    """The counts of a paired comparison."""

    cases: int
    better: int
    worse: int
    chance: float
    """Two-sided exact probability (McNemar) that chance alone gives such a difference."""

    @property
    def is_better(self) -> bool:
        """Whether it is proven at LEVEL."""
        return self.better > self.worse and self.chance <= LEVEL

    @property
    def is_worse(self) -> bool:
        """Whether the contrary is proven at LEVEL."""
        return self.worse > self.better and self.chance <= LEVEL


def verdict(tried: Sequence[Tried]) -> Verdict:
    """Only cases in which the two differ, and one of them is right, say anything."""
    better = sum(one.after == one.right != one.before for one in tried)
    worse = sum(one.before == one.right != one.after for one in tried)
    return Verdict(len(tried), better, worse, chance(better, worse))


def chance(better: int, worse: int) -> float:
    """Exact binomial test of `better` against `worse` at a half, two-sided."""
    both = better + worse
    tail = sum(math.comb(both, few) for few in range(min(better, worse) + 1)) / 2**both
    return float(min(1.0, 2 * tail))


def told(tried: Sequence[Tried]) -> Iterator[str]:
    """The lines for people: the whole first, then category by category, then what would go elsewhere. No case's words are in them."""
    found = verdict(tried)
    before, after = (sum(getattr(one, side) == one.right for one in tried) for side in ("before", "after"))
    yield f"{found.cases} cases that it has not learnt from: right before {before}, right after {after}"
    yield f"better {found.better}, worse {found.worse}; chance alone would give such a difference with probability {found.chance:.3f}"
    yield (
        "proven better"
        if found.is_better
        else "PROVEN WORSE"
        if found.is_worse
        else f"not proven either way at the level of {LEVEL}"
    )
    better = Counter(one.right for one in tried if one.after == one.right != one.before)
    worse = Counter(one.right for one in tried if one.before == one.right != one.after)
    for category in sorted({*better, *worse}, key=lambda slug: (worse[slug] - better[slug], slug)):
        yield f"  {category}: better {better[category]}, worse {worse[category]}"
    ways = Counter(f"{one.before} → {one.after}" for one in tried if one.before != one.after)
    yield from (f"  {count:5}  {way}" for way, count in ways.most_common())
