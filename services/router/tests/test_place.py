"""Where it is."""

import pytest

from router.matter import Position

from .builders import decided_on


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("V Husově ulici je díra.", "Husova"),
        ("V Husově 12 je díra.", "Husova 12"),
        ("Díra, Husova 145/12.", "Husova 145/12"),
        ("v lipove ulici u cisla 12 nesviti lampa", "Lipová 12"),
        ("v Lipové ulici před číslem 12", "Lipová 12"),
        ("na Husove c.p. 8 nesviti lampa", "Husova 8"),
        ("na nadrazni 5 je dira", "Nádražní 5"),
        ("v Polní nesvítí lampa", "Polní"),
        ("lampa v ulici 5. května nesvítí", "5. května"),
        ("na Sídlišti Míru nesvítí lampy", "Sídliště Míru"),
        ("na rohu Husovy a Polní ulice je výtluk", "roh Husova a Polní"),
        ("křižovatka Husova x Nádražní, výtluk", "roh Husova a Nádražní"),
        ("za sokolovnou je skládka", "Sokolovna"),
        ("na náměstí přetéká koš", "Náměstí Svobody"),
        ("v Podlesí nejde proud", "Podlesí"),
        ("lampa č. 1102 bliká", "lampa č. 1102"),
        ("V Husově 3 bliká lampa číslo 77.", "Husova 3, lampa č. 77"),
    ],
)
def test_a_place_is_found_in_its_forms(text: str, place: str) -> None:
    assert decided_on(text).where.phrase == place


@pytest.mark.parametrize(
    "text",
    [
        "Na polní cestě je díra.",
        "Lesní cesta je rozbitá.",
        "Už dlouhou dobu tu nesvítí lampa.",
        "Krátká pauza na semaforu.",
        "Ve školní jídelně je špína.",
        "Něco je rozbité.",
    ],
)
def test_an_everyday_word_is_no_street(text: str) -> None:
    assert decided_on(text).where.phrase is None


@pytest.mark.parametrize(
    "text",
    ["V Husově 5 dní nesvítí lampa.", "V Husově 3 auta parkují na chodníku.", "Na Husově 20 metrů od školy je díra."],
)
def test_not_every_number_behind_a_street_is_a_house(text: str) -> None:
    assert decided_on(text).where.phrase == "Husova"


@pytest.mark.parametrize(
    ("text", "latitude", "longitude"),
    [
        ("výtluk na 49.41234, 15.58901", 49.41234, 15.58901),
        ("výtluk 49.41234N, 15.58901E", 49.41234, 15.58901),
        ("výtluk 49°24'44.4\"N 15°35'20.4\"E", 49.412333, 15.589),
        ("výtluk https://mapy.cz/zakladni?source=coor&x=15.5890&y=49.4123", 49.4123, 15.589),
    ],
)
def test_coordinates_are_read(text: str, latitude: float, longitude: float) -> None:
    found = decided_on(text).where.coordinates
    assert found is not None
    assert (found.latitude, found.longitude) == pytest.approx((latitude, longitude), abs=1e-4)


def test_a_photo_says_where_when_the_words_do_not() -> None:
    decision = decided_on("Díra v silnici.", photo=Position(49.6312, 17.0954))
    assert decision.where.coordinates == Position(49.6312, 17.0954)
    assert decision.where.phrase == "podle polohy ve fotografii"
    assert "place.photo" in decision.reasons


def test_a_photo_beside_a_street_keeps_the_street() -> None:
    decision = decided_on("V Lipové ulici nesvítí lampa.", photo=Position(49.6312, 17.0954))
    assert (decision.where.phrase, decision.where.district) == ("Lipová", "stred")
    assert decision.where.coordinates is not None


def test_a_photo_from_abroad_says_nothing() -> None:
    assert decided_on("Díra v silnici.", photo=Position(43.5, 16.4)).where.coordinates is None


def test_a_place_in_the_subject_counts_with_its_number() -> None:
    assert decided_on("Je tam díra.", "Re: Husova 7 - výtluk").where.phrase == "Husova 7"


def test_the_name_of_a_street_says_nothing_of_the_matter() -> None:
    assert decided_on("Na Nádražní 4 nesvítí lampa.").category == "streetlight-out"
    assert decided_on("V Mlýnské je výtluk.").category == "pothole"
