"""What the fuzzer found worth keeping (`make fuzz`), tried again."""

from pathlib import Path
from typing import Any

import pytest

from tickets.staff.models import NewTicket

from . import requests_read
from .requests_read import check, check_any_request

KEPT = sorted((Path(__file__).parent / "fuzzing").iterdir())


def test_what_the_fuzzer_kept_is_refused_or_can_be_handled() -> None:
    assert KEPT
    for path in KEPT:
        check_any_request(path.read_bytes())


def test_a_request_that_is_let_in_and_cannot_be_handled_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: Any) -> None:
        raise OverflowError

    monkeypatch.setattr(requests_read, "to_milliseconds", failing)
    with pytest.raises(OverflowError):
        check(NewTicket, {"text": "Výmol", "received_at": "2026-11-24T10:00:00+01:00"})
