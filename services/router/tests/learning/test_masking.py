"""What is learnt from names nobody: no name, no number of a person, no address."""

import pytest

from router.learning.masking import masked


@pytest.mark.parametrize(
    ("text", "personal"),
    [
        ("Volejte na 777 123 456, nesvítí lampa.", "777"),
        ("Pište na jan.novak@priklad.test, díra v silnici.", "priklad"),
        ("Rodné číslo 805612/0123, žádám o průkaz.", "805612"),
        ("Účet 19-2000145399/0800, prosím o vrácení.", "2000145399"),
        ("Stojí tu auto 4A2 3456 bez kol.", "3456"),
        ("Bydlím Husova 12, nevyvezli popelnici.", "Husova 12"),
        ("Jmenuji se Karel Dvořák a nesvítí nám lampa.", "Dvořák"),
        ("Soused pan Dvořák pálí listí.", "Dvořák"),
        ("Pes patří Karlu Dvořákovi odnaproti.", "Dvořákovi"),
        ("Nesvítí lampa.\nS pozdravem\nKarel Dvořák\nHusova 12", "Karel"),
        ("Fotky jsou na https://priklad.test/karel", "karel"),
    ],
)
def test_what_names_a_person_is_gone(text: str, personal: str) -> None:
    assert personal not in masked(text)


@pytest.mark.parametrize(
    "text",
    ["Už 14 dní nesvítí lampa u školy.", "Ve vozovce je díra, jsem řidič autobusu.", "Autobus č. 3 nejel v 7:15."],
)
def test_what_it_is_about_stays(text: str) -> None:
    assert masked(text) == text
