"""Where in the town something is, by its coordinates and by its house number."""

import pytest

from contracts.formats import MessageToClassify
from packs import Pack
from router.classifying import decision_line
from router.decision import Router
from router.matter import CaseText, Position
from router.places.geography import Geography

from .builders import decided_on, lipovany, router


def at(
    latitude: float, longitude: float, text: str = "Díra v silnici."
) -> tuple[str | None, str | None, bool, list[str]]:
    """District, outside body, whether it was decided, and the reasons of place."""
    message = MessageToClassify.model_validate({"id": "a", "text": text, "gps": [latitude, longitude]})
    line = decision_line(router(), message)
    return line.place.district, line.body, line.decided, [why for why in line.why if why.startswith("place.")]


def test_the_outline_says_in_which_part_of_the_town_a_photo_was_taken() -> None:
    assert at(49.6312, 17.0954)[0] == "stred"
    assert at(49.6500, 17.0700)[0] == "horni-lhota"


def test_what_lies_in_a_neighbouring_town_is_that_towns() -> None:
    district, body, _, reasons = at(49.6300, 17.1600)
    assert (district, body) == (None, "obec-dubna")
    assert "place.in-neighbour" in reasons


def test_near_the_border_a_person_is_asked_and_nothing_is_sent_away() -> None:
    _, body, decided, reasons = at(49.6300, 17.1398)
    assert (body, decided) == (None, False)
    assert "place.near-border" in reasons


def test_coordinates_in_the_sea_count_for_nothing() -> None:
    assert at(43.5, 16.4)[0] is None
    assert at(43.5, 16.4)[3] == []


def test_a_place_far_from_the_town_is_for_a_person() -> None:
    assert at(50.08, 14.42)[2:] == (False, ["place.photo", "place.outside"])


def test_whose_question_it_is_does_not_depend_on_where_the_writer_stands() -> None:
    assert at(49.6300, 17.1600, "Potřebuji vědět, kolik je letos poplatek za psa.")[1] is None


def test_a_house_number_has_its_position() -> None:
    street = next(one for one in lipovany().addresses if one.street == "Husova")
    number, (latitude, longitude) = next(iter(street.houses.items()))
    for written in {number, number.split("/")[1]}:
        where = decided_on(f"V Husově {written} nesvítí lampa.").where
        assert where.coordinates == Position(latitude, longitude)
        assert where.district == "stred"


def test_a_house_that_the_register_does_not_have_has_no_position() -> None:
    where = decided_on("V Husově 999 nesvítí lampa.").where
    assert (where.number, where.coordinates, where.district) == ("999", None, "stred")


def with_addresses(*streets: dict[str, object]) -> Pack:
    return Pack.model_validate({**lipovany().model_dump(mode="json"), "addresses": streets})


TWICE = with_addresses(
    {"street": "Husova", "district": "stred", "houses": {"12/3": [49.63, 17.09], "3/7": [49.64, 17.1]}}
)
IN_TWO_PARTS = with_addresses(
    {"street": "Husova", "district": "stred", "houses": {"7": [49.63, 17.09]}},
    {"street": "Husova", "district": "podlesi", "houses": {"7": [49.65, 17.1]}},
)


@pytest.mark.parametrize(("pack", "number"), [(TWICE, "3"), (IN_TWO_PARTS, "7")])
def test_a_number_that_two_houses_have_is_for_a_person(pack: Pack, number: str) -> None:
    decision = Router(pack).decide(CaseText(text=f"V Husově {number} nesvítí lampa veřejného osvětlení."))
    assert (decision.decided, decision.where.coordinates) == (False, None)
    assert "place.two-fit" in decision.reasons


def test_the_part_of_the_town_tells_two_houses_apart() -> None:
    where = Router(IN_TWO_PARTS).decide(CaseText(text="V Podlesí, Husova 7, nesvítí lampa.")).where
    assert (where.district, where.coordinates, where.doubtful) == ("podlesi", Position(49.65, 17.1), False)


def like_two_streets() -> Router:
    streets: list[dict[str, object]] = [
        {"name": name, "district": "stred", "forms": []} for name in ("Sadová", "Hadová")
    ]
    pack = {**lipovany().model_dump(mode="json"), "addresses": []}
    return Router(Pack.model_validate({**pack, "gazetteer": {**pack["gazetteer"], "streets": streets}}))


def test_a_misspelt_street_that_two_could_be_is_for_a_person() -> None:
    decision = like_two_streets().decide(CaseText(text="V ulici Badová nesvítí lampa."))
    assert (decision.decided, decision.where.street) == (False, None)
    assert "place.two-fit" in decision.reasons


def test_a_photo_tells_where_a_misspelt_street_that_two_could_be_is() -> None:
    case = CaseText(text="V ulici Badová nesvítí lampa.", photo_positions=[Position(49.6312, 17.0954)])
    decision = like_two_streets().decide(case)
    assert (decision.decided, decision.where.district) == (True, "stred")
    assert "place.two-fit" not in decision.reasons


def test_a_pack_without_outlines_says_nothing_of_a_position() -> None:
    bare = {**lipovany().model_dump(mode="json"), "outlines": [], "addresses": []}
    around = Geography(Pack.model_validate(bare)).around(Position(49.6312, 17.0954))
    assert (around.in_town, around.district, around.neighbour, around.near_border) == (None, None, None, False)


@pytest.mark.parametrize("hole", [(49.6312, 17.0954)])
def test_a_hole_in_an_outline_is_not_inside(hole: tuple[float, float]) -> None:
    told = lipovany().model_dump(mode="json")
    outer = [[17.0, 49.6], [17.2, 49.6], [17.2, 49.7], [17.0, 49.7], [17.0, 49.6]]
    inner = [[17.09, 49.63], [17.1, 49.63], [17.1, 49.64], [17.09, 49.64], [17.09, 49.63]]
    told["outlines"] = [{"of": "town", "slug": "lipovany", "polygons": [[outer, inner]]}]
    geography = Geography(type(lipovany()).model_validate(told))
    assert geography.around(Position(*hole)).in_town is False
    assert geography.around(Position(49.61, 17.05)).in_town is True
