"""What people write is understood as a person would."""

import unicodedata

import pytest

from .builders import Labelled, decided_on, labelled


@pytest.mark.parametrize("message", labelled(), ids=lambda message: message.text[:50])
def test_a_message_is_understood_as_a_person_would(message: Labelled) -> None:
    decision = decided_on(message.text, message.subject)
    assert decision.category == message.category
    assert message.kind in (None, decision.kind)
    assert message.urgent in (None, decision.urgent)
    assert message.place in (None, decision.where.phrase)
    if message.outside is not None:
        assert decision.body == (None if message.outside == "town" else message.outside)


@pytest.mark.parametrize("message", labelled(), ids=lambda message: message.text[:50])
def test_without_diacritics_and_large_letters_it_is_understood_alike(message: Labelled) -> None:
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKD", message.text.lower()) if not unicodedata.combining(sign)
    )
    assert decided_on(plain, message.subject).category == message.category


@pytest.mark.parametrize("message", labelled(), ids=lambda message: message.text[:50])
def test_politeness_around_a_message_changes_nothing(message: Labelled) -> None:
    polite = f"Dobrý den, vážení,\n\n{message.text}\n\nPředem děkuji za odpověď.\nS pozdravem\nobčan z Lipovan"
    assert decided_on(polite, message.subject).category == message.category


@pytest.mark.parametrize("message", labelled(), ids=lambda message: message.text[:50])
def test_a_wish_to_be_called_changes_nothing(message: Labelled) -> None:
    asking = f"{message.text} Volejte mi prosím na 601 234 567, tel. doma nemám."
    assert decided_on(asking, message.subject).category == message.category


def test_a_torn_cable_without_current_is_no_emergency() -> None:
    decision = decided_on("Po vichřici visí nad chodníkem utržený kabel od internetu, u školy.")
    assert decision.kind != "emergency"


@pytest.mark.parametrize(
    "text",
    [
        "muž spadl z kola a je v bezvědomí",
        "pomoc clovek lezi na zemi a nehybe se u lidlu",
        "manzel zkolaboval nedycha posilejte zachranku",
        "v obchodě muž ohrožuje lidi nožem",
        "hoří nám byt, pomozte",
        "nekdo tu mlati zenu prosim rychle prave ted",
        "pošlete prosím hned záchranku na náměstí",
        "bouračka na kruháči, dva zranění",
    ],
)
def test_danger_is_never_missed(text: str) -> None:
    decision = decided_on(text)
    assert (decision.category, decision.kind, decision.urgent) == ("emergency", "emergency", True)


@pytest.mark.parametrize(
    "text",
    [
        "Prosím o pomoc s vyřízením občanky.",
        "Hoří mi termín, potřebuji vědět, kdy bude zasedání.",
        "V Husově hoří lampa i přes den.",
        "Pes štěká a soused nereaguje na mé výzvy.",
        "Tlačítko na semaforu nereaguje.",
        "Nedýchá se tu, soused pálí plasty.",
        "Děti tu odpalují rachejtle.",
    ],
)
def test_words_of_danger_alone_alarm_nobody(text: str) -> None:
    assert decided_on(text).category != "emergency"
    assert decided_on(text).kind != "emergency"
