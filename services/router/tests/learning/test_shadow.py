"""The paired comparison: only where both differ does a case say anything, and chance is reckoned with."""

import pytest

from router.learning.shadow import Tried, chance, told, verdict


def tried(better: int, worse: int, alike: int = 5) -> list[Tried]:
    return [
        *[Tried("a", "b", "a")] * better,
        *[Tried("a", "a", "b")] * worse,
        *[Tried("a", "a", "a")] * alike,
    ]


@pytest.mark.parametrize(
    ("better", "worse", "expected"),
    [(0, 0, 1.0), (5, 5, 1.0), (1, 0, 1.0), (6, 0, 0.03125), (0, 6, 0.03125), (9, 1, 0.0215)],
)
def test_chance_is_the_exact_two_sided_probability(better: int, worse: int, expected: float) -> None:
    assert chance(better, worse) == pytest.approx(expected, abs=1e-4)


def test_few_cases_prove_nothing() -> None:
    assert not verdict(tried(5, 0)).is_better
    assert verdict(tried(6, 0)).is_better
    assert verdict(tried(0, 6)).is_worse
    assert not verdict(tried(0, 5)).is_worse


def test_the_report_says_the_whole_first_then_each_category_then_the_ways() -> None:
    lines = list(told(tried(6, 0)))
    assert lines[0] == "11 cases that it has not learnt from: right before 5, right after 11"
    assert lines[2] == "proven better"
    assert lines[3:] == ["  a: better 6, worse 0", "      6  b → a"]
    assert "PROVEN WORSE" in list(told(tried(0, 9)))
    assert "not proven either way at the level of 0.05" in list(told(tried(1, 1)))
