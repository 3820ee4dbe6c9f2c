"""What a run remembers, and when it calls itself well."""

from pathlib import Path

import pytest

from tests.faults.faults import EVERYTHING, KINDS, in_random_order
from tests.faults.record import Record, Seen, Stretch
from tests.faults.report import report
from tests.faults.storm import is_well

CALM = [0.1, 0.3]


def seen(name: str, back_after: float | None = 1.0) -> Seen:
    return Seen(name, 1_700_000_000.0, 0.5, back_after, {"router": 1})


def record_of(folder: Path, *stretches: Stretch, order: tuple[str, ...] = ("kill a", "kill b")) -> Record:
    done = {name: seen(name) for stretch in stretches for name in stretch.faults}
    return Record(folder / "record.json", 1, list(order), "abc", done, list(stretches))


def good(*faults: str) -> Stretch:
    return Stretch(list(faults), 10, 0, CALM, CALM, {})


def test_a_run_goes_on_with_what_never_was_and_then_with_what_was_not_counted(tmp_path: Path) -> None:
    interrupted = Stretch(["kill a"], 10)
    record = record_of(tmp_path, interrupted, good("kill c"), order=("kill a", "kill b", "kill c"))
    assert record.remaining() == ["kill b", "kill a"]
    record.save()
    assert Record.load(record.file) == record
    assert Record.load(tmp_path / "none.json") is None


def test_all_is_well_when_everything_was_done_and_counted_and_kept(tmp_path: Path) -> None:
    record = record_of(tmp_path, good("kill a"), good("kill b"))
    assert is_well(record)
    assert "all is well" in report(record)


@pytest.mark.parametrize(
    ("stretch", "said"),
    [
        (Stretch(["kill a", "kill b"], 10, 0, CALM, CALM, {"P1": ["1 report is lost"]}), "P1: 1 report is lost"),
        (Stretch(["kill a", "kill b"], 10, 0, CALM, [0.1, 9.0], {}), "SLOWER"),
        (Stretch(["kill a", "kill b"], 10, 0, CALM, None, {}), "NOT as promised"),
        (good("kill a"), "1 of 2 still to be done"),
    ],
)
def test_a_broken_promise_a_slow_end_and_a_fault_that_was_left_out_are_not_well(
    tmp_path: Path, stretch: Stretch, said: str
) -> None:
    record = record_of(tmp_path, stretch)
    assert not is_well(record)
    assert said in report(record)


def test_a_town_that_did_not_come_back_by_itself_is_not_well(tmp_path: Path) -> None:
    record = record_of(tmp_path, good("kill a", "kill b"))
    record.seen["kill b"] = seen("kill b", back_after=None)
    assert not is_well(record)
    assert "**never**" in report(record)


def test_the_same_seed_gives_the_same_order_of_the_same_faults() -> None:
    assert in_random_order(EVERYTHING, 7) == in_random_order(EVERYTHING, 7) != in_random_order(EVERYTHING, 8)
    assert sorted(fault.name for fault in in_random_order(EVERYTHING, 7)) == sorted({f.name for f in EVERYTHING})
    assert {fault.kind for fault in EVERYTHING} == KINDS.keys()
