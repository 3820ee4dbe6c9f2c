"""The model's answer is what counts, and what it has not learnt, the pack's own words say."""

from dataclasses import replace
from pathlib import Path

import pytest

import packs
from packs import Pack
from router.categories.candidates import CandidateFinder
from router.decision import Router
from router.matter import CaseText, matter_of
from router.model.linear import Head
from router.model.stored import Model, shipped
from router.places.finder import PlaceFinder

LIPOVANY = Path(__file__).parents[3] / "packs" / "lipovany"


@pytest.fixture(scope="module")
def pack() -> Pack:
    return packs.load(LIPOVANY)


@pytest.fixture(scope="module")
def model() -> Model:
    found = shipped()
    assert found is not None
    return found


def sure_from(model: Model, probability: float) -> Model:
    return replace(model, thresholds=replace(model.thresholds, sure=probability, emergency=1.0))


def test_the_model_knows_what_no_word_of_the_pack_says(pack: Pack, model: Model) -> None:
    case = CaseText(text="Před oknem nám to celou noc problikává jako maják.")
    assert Router(pack, model).decide(case).category == "streetlight-out"


def test_without_a_model_the_words_of_the_pack_decide(pack: Pack) -> None:
    assert Router(pack).decide(CaseText(text="nesvítí lampa")).category == "streetlight-out"


def test_a_category_that_the_model_has_not_learnt_is_found_by_its_words(pack: Pack, model: Model) -> None:
    answers = model.answers
    category = answers.heads[0]
    renamed = tuple("another" if label == "lost-found" else label for label in category.labels)
    stranger = replace(answers, heads=(Head(category.name, renamed, category.sharpness), *answers.heads[1:]))
    finder = CandidateFinder(pack, stranger, PlaceFinder(pack))
    matter = matter_of(CaseText(text="ztratil jsem klíče, ztráty a nálezy"))
    found = finder.candidates(matter, finder.answers(matter))
    assert found[0].category == "lost-found"
    assert sum(one.probability for one in found) == pytest.approx(1, abs=1e-3)
    assert "another" not in {one.category for one in found}


def test_less_sure_than_the_model_asks_for_is_for_a_person(pack: Pack, model: Model) -> None:
    case = CaseText(text="Před oknem nám to celou noc problikává jako maják.")
    sure = Router(pack, sure_from(model, 0.01)).decide(case)
    unsure = Router(pack, sure_from(model, 1.0)).decide(case)
    assert (sure.decided, unsure.decided) == (True, False)
