"""Ten thousand damaged mails: none is lost, none is not understood at all, none costs more than it may."""

import subprocess
import sys
from pathlib import Path

import pytest

from .golden_mails import Mail, golden_mails
from .mutations import mutated, tried

HERE = Path(__file__).parent
MAILS = 10_000
PORTIONS = 4


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "ignore", "-m", "tests.mutations", *arguments]
    return subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, timeout=900)


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_damaged_mails_are_kept_and_registered_within_the_bounds(portion: int) -> None:
    count = MAILS // PORTIONS
    done = _run(str(portion * count), str(count))
    assert done.returncode == 0, done.stdout + done.stderr


def test_damage_is_the_same_for_the_same_seed_and_other_for_another() -> None:
    raws = [mail.raw for mail in golden_mails(made=False)]
    assert mutated(7, raws) == mutated(7, raws)
    assert len({mutated(seed, raws) for seed in range(100)}) > 95


async def test_a_mail_that_costs_too_much_is_told() -> None:
    found = await tried(0, 3, most_seconds=0.0)
    assert found.failures.keys() == {0, 1, 2}
    assert found.dearest > 0


async def test_a_promise_that_is_broken_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> Mail:
        raise RecursionError

    monkeypatch.setattr("intake_email.events.register", failing)
    found = await tried(0, 3)
    assert set(found.failures.values()) == {"AssertionError: unparsable"}


def test_memory_beyond_the_bound_is_a_failure() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from tests import mutations; mutations.bound_memory(); bytearray(2 * mutations.MOST_MEMORY)",
        ],
        cwd=HERE.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "MemoryError" in done.stderr
