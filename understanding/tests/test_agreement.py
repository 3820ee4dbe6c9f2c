"""Agreement of two labellings, and how much of it is chance."""

import pytest

from understanding.agreement import agreement


def test_complete_agreement_is_one() -> None:
    assert agreement(["a", "b"], ["a", "b"]) == (1.0, 1.0)


def test_everybody_saying_the_same_of_everything_is_complete_too() -> None:
    assert agreement(["a", "a"], ["a", "a"]) == (1.0, 1.0)


def test_what_chance_would_give_counts_nothing() -> None:
    equal, kappa = agreement(["a", "a", "b", "b"], ["a", "b", "a", "b"])
    assert (equal, kappa) == (0.5, 0.0)


def test_lists_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="two labels"):
        agreement(["a"], [])
