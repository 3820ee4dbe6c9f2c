"""Near copies are found, and people who only speak of the same thing are none."""

import pytest

from understanding.likeness import likeness, near_copies, runs
from understanding.parts import Part, part_of

TEXT = "V Husově ulici před školkou je obrovská díra, auta do ní padají."


def test_a_text_is_wholly_like_itself_whatever_its_accents_and_spaces() -> None:
    assert likeness(runs(TEXT), runs("v husove ulici  pred skolkou je obrovska dira,\nauta do ni padaji.")) == 1


def test_texts_with_nothing_in_common_are_not_alike() -> None:
    assert likeness(runs(TEXT), runs("Kdy bude mít matrika otevřeno o svátcích?")) == 0


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ("V Husově ulici před školkou je obrovská díra, auta do ní padají každý den.", True),
        ("U školky v Husově se propadla vozovka, je to jak kráter.", False),
    ],
)
def test_a_near_copy_is_found_and_another_message_on_the_same_thing_is_not(other: str, found: bool) -> None:
    assert bool(list(near_copies([TEXT], ["Něco docela jiného o lampách v parku u rybníka.", other]))) is found


def test_a_text_of_few_signs_proves_nothing() -> None:
    assert list(near_copies(["díra u mostu"], ["díra u mostu"])) == []


def test_a_scenario_is_always_in_the_same_part_and_most_are_for_training() -> None:
    parts = [part_of(f"pothole-{number:02}") for number in range(1000)]
    assert parts == [part_of(f"pothole-{number:02}") for number in range(1000)]
    assert 650 < parts.count(Part.TRAINING) < 750
    assert 110 < parts.count(Part.TUNING) < 190
