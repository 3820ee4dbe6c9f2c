"""The short form of `make faults`: one fault of each class under load, then everything is counted from outside."""

import os
from collections.abc import Iterator

import pytest

from tests.faults.faults import SHORT, in_random_order
from tests.faults.record import Record
from tests.faults.storm import Plan, Storm
from tests.faults.system import HurtTown, hurt_town

pytestmark = [pytest.mark.flow, pytest.mark.integration]

SEED = 18
PLAN = Plan(reports=300, per_second=2.5, senders=32, calm_seconds=5.0, longest_gap=1.0)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HurtTown]:
    with hurt_town(tmp_path_factory.mktemp("stormy-town"), tell=print) as town:
        yield town


def test_three_hundred_reports_survive_one_fault_of_each_class(town: HurtTown) -> None:
    faults = in_random_order(SHORT, SEED)
    record = Record(town.system.places.root / "record.json", SEED, [fault.name for fault in faults])
    stretch = Storm(town, record, PLAN, print).run(faults)
    assert stretch.wrong == {}
    assert [seen.fault for seen in record.seen.values() if seen.back_after is None] == []
    assert record.remaining() == []
    if os.environ.get("CI") == "true":
        # Whether file systems may be mounted is the machine's choice; the library is only a package.
        assert "clock" not in town.cannot
