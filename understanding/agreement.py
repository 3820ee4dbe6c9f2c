"""How far two people who labelled the same messages agree. Pure.

Cohen's kappa (J. Cohen, 1960): agreement beyond what chance would give; 1 is complete, 0 is chance.
"""

from collections import Counter
from collections.abc import Sequence


def agreement(one: Sequence[str], other: Sequence[str]) -> tuple[float, float]:
    """The share of equal labels, and Cohen's kappa. Raises ValueError for lists of different length or none."""
    if not one or len(one) != len(other):
        raise ValueError("two labels for each message")
    count = len(one)
    equal = sum(first == second for first, second in zip(one, other, strict=True)) / count
    ours, theirs = Counter(one), Counter(other)
    chance = sum(ours[label] * theirs[label] for label in ours) / count**2
    return equal, (equal - chance) / (1 - chance) if chance < 1 else 1.0
