"""Which model holds: what was told last and can be used; without a word the program's own."""

import hashlib
from uuid import uuid4

import orjson
import pytest

from contracts import object_keys
from contracts.envelope import new_event
from contracts.rulesets import ModelActivated
from contracts.types import Confidentiality
from router.model import SHIPPED
from router.model.shelf import ModelShelf
from router.model.stored import Model, shipped

from ..test_handlers import NOW

KEY = b"lipovany/model.activated"


def activated(content: bytes, digest: str | None = None) -> tuple[bytes, str]:
    named = digest or hashlib.sha256(content).hexdigest()
    key = object_keys.model_key("lipovany", named)
    event = new_event(
        ModelActivated(digest=named, object_key=key, label="2026-12-01"),
        id=uuid4(),
        source="/tickets",
        time=NOW,
        subject=uuid4(),
        municipality="lipovany",
        confidentiality=Confidentiality.OPEN,
    )
    return event.to_bytes(), key


def own() -> Model:
    model = shipped()
    assert model is not None
    return model


def test_a_model_that_was_told_holds_for_its_town_only_and_can_be_taken_back() -> None:
    content = SHIPPED.read_bytes()
    value, key = activated(content)
    shelf = ModelShelf({key: content}.get, None)
    shelf.take(KEY, value)
    held = shelf.model_of("lipovany")
    assert held is not None
    assert held.hash == own().hash
    assert shelf.model_of("dubna") is None
    shelf.take(KEY, None)
    assert shelf.model_of("lipovany") is None


@pytest.mark.parametrize("content", [b"", b"no model", SHIPPED.read_bytes()[:-100]], ids=["empty", "text", "cut off"])
def test_what_cannot_be_used_leaves_the_model_that_holds(content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    value, key = activated(content)
    shelf = ModelShelf({key: content}.get, own())
    shelf.take(KEY, value)
    assert shelf.model_of("lipovany") is own()
    assert "model_refused" in caplog.text


def test_a_file_that_is_missing_or_is_not_what_was_told_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    value, key = activated(SHIPPED.read_bytes(), digest="0" * 64)
    for files in ({}, {key: SHIPPED.read_bytes()}):
        shelf = ModelShelf(files.get, own())
        shelf.take(KEY, value)
        assert shelf.model_of("lipovany") is own()
    assert caplog.text.count("model_refused") == 2


def test_what_is_no_event_and_what_is_a_pack_change_nothing(caplog: pytest.LogCaptureFixture) -> None:
    value, key = activated(SHIPPED.read_bytes())
    shelf = ModelShelf({key: SHIPPED.read_bytes()}.get, own())
    for wrong in (b"", b"{", orjson.dumps({**orjson.loads(value), "type": "no.such"})):
        shelf.take(KEY, wrong)
    shelf.take(b"lipovany/ruleset.published", value)
    assert shelf.model_of("lipovany") is own()
    assert caplog.text.count("model_refused") == 3
