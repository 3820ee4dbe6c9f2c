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
    ("text", "place"),
    [
        ("na nadrzani 5 je dira", "Nádražní 5"),
        ("v Husvoě nesvítí lampa", "Husova"),
        ("V Masarikově 7 teče voda", "Masarykova 7"),
        ("ulice Komenskeho, ulice Komesnkého 3", "Komenského"),
        ("V ulici Jiráksova praskl kanál", "Jiráskova"),
    ],
)
def test_a_street_with_a_slip_of_the_finger_is_found(text: str, place: str) -> None:
    assert decided_on(text).where.phrase == place


@pytest.mark.parametrize(
    "text",
    [
        "V Husinci je díra.",
        "na zahrade 5 let nic",
        "Na Školce je díra.",
        "v lesích se kácí",
        "na polovine cesty 3 díry",
    ],
)
def test_a_word_that_is_only_like_a_street_is_none(text: str) -> None:
    assert decided_on(text).where.street is None


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


@pytest.mark.parametrize(
    "text",
    [
        "GPS 49.63120, 17.09540", "49.6312N 17.0954E", "N49.63120 E17.09540", "N 49.63120°, E 17.09540°", "49,63120; 17,09540",
        "lat: 49.6312 lon: 17.0954", "17.09540, 49.63120", "49°37'52.3\"N, 17°5'43.4\"E", "49° 37\u2032 52.3\u2033 17° 5\u2032 43.4\u2033",
        "N 49° 37.872 E 017° 05.724", "49°37.872'N 17°05.724'E", "geo:49.6312,17.0954", "geo:49.6312,17.0954?z=19",
        "https://mapy.com/cs/zakladni?x=17.0954&y=49.6312&z=17", "https://mapy.cz/?y=49.6312&source=coor&x=17.0954",
        "https://mapy.com/cs/zakladni?q=49.6312%2C17.0954", "https://www.google.com/maps/@49.6312,17.0954,17z",
        "https://maps.google.com/?q=49.6312,17.0954", "https://www.google.com/maps?q=loc:49.6312,17.0954",
        "https://www.google.com/maps/place/X/data=!3d49.6312!4d17.0954", "https://maps.apple.com/?ll=49.6312,17.0954",
        "https://www.openstreetmap.org/#map=18/49.6312/17.0954", "https://www.openstreetmap.org/?mlat=49.6312&mlon=17.0954",
        "https://waze.com/ul?ll=49.6312,17.0954&navigate=yes",
    ],
)  # fmt: skip
def test_coordinates_are_read_in_every_usual_notation(text: str) -> None:
    found = decided_on(f"Je tam výtluk, {text} pošlete někoho.").where.coordinates
    assert found is not None
    assert (found.latitude, found.longitude) == pytest.approx((49.6312, 17.0954), abs=2e-5)


@pytest.mark.parametrize(
    "text", ["Y=516081.77 X=1166800.80", "-516081.77, -1166800.80", "X: 1166800,80 Y: 516081,77", "516082 1166801"]
)
def test_coordinates_of_the_cadastre_are_read(text: str) -> None:
    found = decided_on(f"Výtluk na {text}.").where.coordinates
    assert found is not None
    assert (found.latitude, found.longitude) == pytest.approx((49.21486, 17.73715), abs=2e-5)


@pytest.mark.parametrize(
    "text",
    [
        "Platba 49.631 Kč a 17.095 Kč", "Volejte 777 516 081 nebo 777 1166 800", "variabilní symbol 1234567890, částka 516081",
        "rozměr 49.5 x 17.2 m", "verze 49.123.456", "dne 17.12.2026 v 49. minutě", "-33.8688, 151.2093",
    ],
)  # fmt: skip
def test_not_every_pair_of_numbers_is_a_position(text: str) -> None:
    assert decided_on(text).where.coordinates is None


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("Díra na 12,3 km silnice I/38.", "na 12,3 km silnice I/38", "place.kilometre"),
        ("Sražená srna, I/38 km 12", "I/38 km 12", "place.kilometre"),
        ("Na přejezdu P7712 blikají závory.", "přejezdu P7712", "place.crossing"),
        ("Skládka na parc. č. 1208/3.", "parc. č. 1208/3", "place.parcel"),
        ("Kdo seká pozemek č. 77/2?", "pozemek č. 77/2", "place.parcel"),
    ],
)
def test_what_stands_instead_of_an_address_is_the_place(text: str, place: str, reason: str) -> None:
    decision = decided_on(text)
    assert decision.where.phrase == place
    assert reason in decision.reasons


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
