"""Whose it is."""

import pytest

from packs import Pack
from router.decision import Router
from router.matter import CaseText

from .builders import decided_on, lipovany


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("Na silnici I/38 je výtluk.", "rsd"),
        ("na i/38 je vytluk", "rsd"),
        ("Výtluk na silnici II/347.", "sus-kraje"),
        ("Výtluk na silnici 347.", "sus-kraje"),
        ("Výtluk na silnici III/34715 za cedulí.", "sus-kraje"),
        ("Výtluk na dálnici D1.", "rsd"),
        ("V Husově ulici je výtluk.", None),
        ("Výtluk v obci Dubná.", "obec-dubna"),
        ("Výtluk na silnici směrem na Dubnou.", None),
        ("Mezi Lipovany a Dubnou je na silnici výtluk.", "sus-kraje"),
        ("Silnice do Dubné je samý výtluk.", "sus-kraje"),
        ("Výtluk mezi školou a poštou.", None),
        ("Chodník podél silnice II/347 je rozbitý.", None),
        ("Na přejezdu P7712 blikají závory.", "sprava-zeleznic"),
        ("Potok v lese je zanesený.", "lesy-cr"),
        ("Obecní rybník je zanesený bahnem.", None),
        ("Hamerský potok se vylévá z břehů.", "povodi"),
        ("Na peróně u nádraží nesvítí lampa.", "sprava-zeleznic"),
        ("Na autobusovém nádraží nesvítí lampa.", None),
        ("Na parkovišti obchodního domu nesvítí lampy.", "vlastnik-nemovitosti"),
        ("V lakovně firmy to smrdí, zápach z provozu.", "cizp"),
        ("Soused pálí na zahradě listí, samý kouř.", None),
        ("Vlak nejel a další měl hodinové zpoždění.", "integrator-kraje"),
        ("Jak se platí daň z nemovitosti?", "jiny-urad"),
        ("Kde žádat o příspěvek na péči a jiné sociální dávky?", "urad-prace"),
    ],
)
def test_the_words_say_whose_it_is(text: str, body: str | None) -> None:
    assert decided_on(text).body == body


def test_what_the_town_does_itself_goes_to_its_own_office() -> None:
    itself = [{"body_type": "urad-orp", "role": "odbor-vnitrnich-veci"}]
    told = lipovany().model_dump(mode="json")
    orp = Router(Pack.model_validate({**told, "town": {**told["town"], "itself": itself}}))
    text = "Potřebuji novou občanku, kdy máte úřední hodiny?"
    elsewhere, here = decided_on(text), orp.decide(CaseText(text=text))
    assert elsewhere.body == "urad-orp"
    assert (here.body, here.team) == (None, "odbor-vnitrnich-veci")
