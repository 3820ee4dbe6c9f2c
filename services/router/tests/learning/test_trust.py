"""What one person alone says otherwise teaches nothing, however often it is said."""

from typing import Any

from contracts.envelope import Event
from router.learning.history import SettledCase, settled_cases
from router.learning.trust import Teaching, teaching

from .cases import case, together

LAMP = "Nesvítí lampa."


def of(*cases: list[Event[Any]]) -> Teaching:
    return teaching(settled_cases(together(*cases)))


def corrected(taught: Teaching) -> list[SettledCase]:
    return [one for one in taught.cases if one.corrected]


def test_confirmations_teach() -> None:
    assert len(of(case(1, LAMP, "streetlight-out"), case(2, LAMP, "streetlight-out")).cases) == 2


def test_a_correction_that_another_person_solved_as_that_teaches() -> None:
    taught = of(case(1, LAMP, "streetlight-out", "energy-outage"))
    assert len(corrected(taught)) == 1
    assert taught.waiting == ()


def test_one_persons_corrections_wait_for_a_second_one() -> None:
    alone = [case(number, LAMP, "streetlight-out", "praise", by="rozmar", solved_by="rozmar") for number in range(50)]
    taught = of(*alone)
    assert corrected(taught) == []
    assert taught.waiting == (("streetlight-out → praise", 50),)


def test_one_person_counts_no_more_than_all_others_who_say_the_same() -> None:
    alone = [case(number, LAMP, "streetlight-out", "praise", by="rozmar", solved_by=None) for number in range(50)]
    other = case(60, LAMP, "streetlight-out", "praise", by="omyl", solved_by=None)
    taught = of(*alone, other)
    assert len(corrected(taught)) == 2
    assert taught.waiting == (("streetlight-out → praise", 49),)
