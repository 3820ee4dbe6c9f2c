"""Tests wait for conditions, and can fail."""

import pytest

from .conftest import Plant
from .habits import habit_faults
from .source import Module

PATH = "services/lamps/tests/test_lamps.py"


def test_no_test_sleeps_or_asserts_nothing(modules: list[Module]) -> None:
    assert habit_faults(modules) == []


@pytest.mark.parametrize("call", ["time.sleep(1)", "await asyncio.sleep(0.1)", "sleep(seconds)"])
def test_a_sleep_is_found(plant: Plant, call: str) -> None:
    found = habit_faults(plant({PATH: f"async def test_a_lamp_shines():\n    {call}\n"}))
    assert found == [f"{PATH}:2: sleeps instead of waiting for a condition with a deadline"]


@pytest.mark.parametrize("condition", ["True", "1", '"shines"', "(lamp, 'shines')", 'f"{lamp}"'])
@pytest.mark.filterwarnings("ignore:assertion is always true")
def test_an_assertion_that_cannot_fail_is_found(plant: Plant, condition: str) -> None:
    found = habit_faults(plant({PATH: f"def test_a_lamp_shines():\n    assert {condition}\n"}))
    assert found == [f"{PATH}:2: an assertion that cannot fail"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (PATH, "def wait():\n    while not shines():\n        time.sleep(0.02)"),
        (PATH, "async def test_a():\n    await asyncio.sleep(0)\n    assert lamp"),
        ("services/lamps/lamps/sender.py", "time.sleep(1)"),
    ],
)
def test_a_pause_within_a_wait_is_not_found(plant: Plant, path: str, code: str) -> None:
    assert habit_faults(plant({path: code})) == []
