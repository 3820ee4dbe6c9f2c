"""The writer's own words for a place, learnt from messages in which people marked them."""

import numpy as np
import pytest

from router.decision import Router
from router.matter import CaseText
from router.model.stored import shipped
from router.places.finder import WhereItIs
from router.places.wording import best_run

from .builders import lipovany


def where(text: str, subject: str = "") -> WhereItIs:
    return Router(lipovany(), shipped()).decide(CaseText(subject, text)).where


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Naproti cukrárně u kašny se propadla dlažba.", {"naproti", "cukrárně"}),
        ("Nesvítí lampa na cestě od kaple ke studánce.", {"kaple", "studánce"}),
        ("na dětském hřišti u rybníka je rozbitá houpačka", {"hřišti"}),
    ],
)
def test_a_place_that_no_list_knows_is_said_in_the_writers_words(text: str, words: set[str]) -> None:
    found = where(text)
    assert words <= set((found.wording or "").lower().strip(".").split())
    assert found.phrase


def test_what_no_list_knows_is_told_with_its_reason() -> None:
    assert "place.own-words" in where("Nesvítí lampa na cestě od kaple ke studánce.").reasons


def test_a_known_street_keeps_its_own_name_beside_the_writers_words() -> None:
    found = where("V Husově ulici u čísla 12 nesvítí lampa.")
    assert found.phrase == "Husova 12"
    assert "Husově" in (found.wording or "")


def test_nothing_is_made_up_where_nothing_says_where() -> None:
    assert where("Kdy mi prosím odpovíte?") == WhereItIs()


def test_without_a_model_there_is_no_wording() -> None:
    found = Router(lipovany()).decide(CaseText(text="Nesvítí lampa na cestě od kaple ke studánce.")).where
    assert (found.wording, found.phrase) == (None, None)


@pytest.mark.parametrize(
    ("scores", "run"),
    [
        ([(-5, -5), (-6, -5)], None),
        ([(3, -5), (-6, 4), (-6, -4)], (0, 1)),
        ([(1, -5), (-6, -4), (5, -5), (-6, 4)], (2, 3)),
        ([(-5, 5), (4, -4)], (1, 1)),
    ],
    ids=["nothing begins", "goes on while that is likely", "the likelier of two", "needs a beginning"],
)
def test_the_likeliest_run_is_the_place(scores: list[tuple[float, float]], run: tuple[int, int] | None) -> None:
    assert best_run(np.array(scores, dtype=np.float32)) == run


def test_a_place_has_a_longest_length() -> None:
    found = best_run(np.array([[1.0, 9.0]] * 60, dtype=np.float32))
    assert found is not None
    assert found[1] - found[0] < 25
