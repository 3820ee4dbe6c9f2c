"""What the fuzzer found worth keeping (`make fuzz`), read again: each reaches code that the mails of `mails/` do not."""

from pathlib import Path

import pytest

from .reading import check_any_mail

KEPT = sorted((Path(__file__).parent / "fuzzing").iterdir())


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name)
def test_what_the_fuzzer_kept_becomes_an_event(path: Path) -> None:
    check_any_mail(path.read_bytes())


def test_what_is_kept_stays_small() -> None:
    assert KEPT
    assert sum(path.stat().st_size for path in KEPT) < 300_000
