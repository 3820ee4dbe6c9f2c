"""What the fuzzer found worth keeping (`make fuzz`), tried again."""

from pathlib import Path
from typing import Any, get_args

import pytest

from tickets.staff import models
from tickets.staff.models import NewTicket

from . import requests_read
from .requests_read import check, check_any_request

KEPT = sorted((Path(__file__).parent / "fuzzing").iterdir())


def test_every_model_that_a_request_is_read_with_is_fuzzed() -> None:
    defined = {one for one in vars(models).values() if isinstance(one, type) and issubclass(one, models.Incoming)}
    kinds = [field.annotation for one in defined for field in one.model_fields.values()]
    parts = {kind for annotation in kinds for kind in (annotation, *get_args(annotation)) if kind in defined}
    assert set(requests_read.MODELS) == defined - parts - {models.Incoming}


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
