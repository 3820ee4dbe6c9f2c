"""Why a case is what it is, and why it is not something else, in words that a clerk understands."""

from uuid import UUID

import pytest

import packs
from contracts.samples import routing_decided
from tickets.cases.explaining import Reason, compared, reasons

from .conftest import PACK
from .office import Office, Person, problem

DECISION = {
    "candidates": [{"category": "winter-road", "probability": 0.7}, {"category": "pothole", "probability": 0.2}],
    "reasons": ["matter.gas", "place.street", "matter.of-another-pack"],
}


@pytest.fixture(scope="module")
def pack() -> packs.Pack:
    return packs.load(PACK)


def test_a_reason_is_said_in_the_words_of_its_rule_or_of_the_pack(pack: packs.Pack) -> None:
    assert reasons(DECISION, pack) == [
        Reason("matter.gas", "Plyn ohrožuje život; volá se 1239."),
        Reason("place.street", "Ulici zná mapa města."),
        Reason("matter.of-another-pack", None),
    ]
    assert reasons({}, pack) == []
    assert reasons(DECISION, None)[0] == Reason("matter.gas", None)


def test_two_categories_are_told_apart_by_the_rule_that_names_both(pack: packs.Pack) -> None:
    found = compared(DECISION, "winter-road", "winter-sidewalk", pack)
    assert (found.probability, found.chosen_probability) == (0.0, 0.7)
    (rule,) = found.told_apart_by
    assert rule.startswith("Sníh/led na vozovce")


def test_where_no_rule_names_both_those_of_the_other_one_are_told(pack: packs.Pack) -> None:
    found = compared(DECISION, "pothole", "damage-claim", pack)
    assert found.chosen_probability == 0.2
    assert any("peníze za škodu" in rule for rule in found.told_apart_by)


def test_a_case_that_nobody_classified_is_explained_too(pack: packs.Pack) -> None:
    assert compared({}, None, "pothole", pack).chosen_probability is None


def test_a_category_that_the_pack_does_not_have_is_an_error(pack: packs.Pack) -> None:
    with pytest.raises(KeyError):
        compared(DECISION, "pothole", "no-such", pack)


@pytest.mark.integration
def test_the_explanation_is_one_request(office: Office, dispatcher: Person) -> None:
    case = office.routed(reasons=["category.learnt", "place.street"])
    plain = dispatcher.get(f"/tickets/{case}/explanation").json()
    assert plain["category"]["slug"] == "pothole"
    assert plain["probability"] == routing_decided().data.candidates[0].probability
    assert [one["code"] for one in plain["reasons"]] == ["category.learnt", "place.street"]
    assert all(one["text"].endswith(".") for one in plain["reasons"])
    assert plain["why_not"] is None
    asked = dispatcher.get(f"/tickets/{case}/explanation", why_not="roadworks").json()["why_not"]
    assert (asked["category"]["slug"], asked["probability"], asked["chosen_probability"]) == ("roadworks", 0.04, 0.93)
    problem(dispatcher.get(f"/tickets/{case}/explanation", why_not="no-such"), 404, "no-such-category")
    problem(dispatcher.get(f"/tickets/{UUID(int=7)}/explanation"), 404)


@pytest.mark.integration
def test_a_case_that_waits_for_the_router_has_no_reasons_yet(office: Office, dispatcher: Person) -> None:
    told = dispatcher.get(f"/tickets/{office.opened()}/explanation").json()
    assert told == {"category": None, "decided": None, "probability": None, "reasons": [], "why_not": None}
