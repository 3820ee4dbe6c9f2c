"""Originals that were kept and never registered are taken in again, each as the same report."""

from typing import Any

import pytest

from contracts import object_keys
from intake_email.handlers import Accepted, TryLater
from intake_email.repairing import Repaired, repair

from .builders import RECEIVED_AT, message
from .test_handlers import BOOK, REPORT, House, mail


async def kept_only(raw: bytes = REPORT, *recipients: str) -> tuple[House, list[str]]:
    """A house whose broker was away when the mail came: everything is kept, nothing registered."""
    house = House()
    house.broker.away = True
    assert await house.intake.take(mail(raw, *recipients)) == TryLater("broker-away")
    house.broker.away = False
    return house, sorted({key.rpartition("/")[0] for key in house.store.objects if key.endswith("/raw")})


async def mended(house: House, folders: list[str]) -> list[Repaired]:
    return await repair(folders, house.store, house.intake, BOOK, RECEIVED_AT)


async def test_what_was_kept_and_never_registered_becomes_the_report_that_it_would_have_been() -> None:
    usual = House()
    answer = await usual.intake.take(mail(REPORT))
    house, folders = await kept_only()
    assert await mended(house, folders) == [Repaired(folders[0])]
    assert isinstance(answer, Accepted)
    [event], [expected] = house.events(), usual.events()
    assert event.id == expected.id
    assert event.data == expected.data
    assert house.store.objects == usual.store.objects


async def test_a_second_repair_makes_the_same_report_again_and_no_other() -> None:
    house, folders = await kept_only()
    for _ in range(2):
        await mended(house, folders)
    assert len({event.id for event in house.events()}) == 1


async def test_each_towns_original_is_mended_for_that_town_alone() -> None:
    house, folders = await kept_only(REPORT, "podatelna@lipovany.test", "mesto@hora.test")
    assert len(folders) == 2
    await mended(house, [folder for folder in folders if "/hora/" in folder])
    assert [event.municipality for event in house.events()] == ["hora"]


@pytest.mark.parametrize("envelope", [None, b"{", b"[]", b"{}"])
async def test_an_original_whose_envelope_was_not_written_any_more_is_registered_all_the_same(
    envelope: bytes | None,
) -> None:
    house, [folder] = await kept_only()
    key = object_keys.envelope_key(folder)
    if envelope is None:
        del house.store.objects[key]
    else:
        house.store.objects[key] = envelope
    assert await mended(house, [folder]) == [Repaired(folder)]
    assert str(house.events()[0].subject) == folder.rpartition("/")[2]


async def test_an_original_that_names_none_of_our_addresses_belongs_to_the_town_where_it_lies() -> None:
    house, [folder] = await kept_only(message(To="undisclosed-recipients:;"))
    del house.store.objects[object_keys.envelope_key(folder)]
    assert await mended(house, [folder]) == [Repaired(folder)]
    assert house.events()[0].municipality == "lipovany"


async def test_what_cannot_be_taken_in_is_named_and_holds_up_nothing() -> None:
    house, folders = await kept_only()
    nothing, foreign = "originals/lipovany/2026-11-24/none", "originals/dubna/2026-11-24/one"
    house.store.put(object_keys.raw_key(foreign), message(To="nekdo@dubna.test"))
    results: list[Any] = await mended(house, [nothing, foreign, *folders])
    assert [result.fault for result in results] == ["no-original", "no-town-of-ours", None]
    house.broker.away = True
    assert await mended(house, folders) == [Repaired(folders[0], "broker-away")]
    house.store.away = True
    assert await mended(house, folders) == [Repaired(folders[0], "store-away")]
