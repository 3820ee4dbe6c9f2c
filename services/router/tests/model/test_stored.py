"""A model is stored and read as it was; what is no model is refused, and then the pack's words decide."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from router.matter import CaseText, matter_of
from router.model import SHIPPED, stored
from router.model.linear import CATEGORY
from router.model.place_training import MarkedText, train_places
from router.model.stored import Model, ModelRefusedError, Thresholds
from router.model.training import train
from router.words import words_of

from .test_linear import EXAMPLES, LEXICON

PLACES = [MarkedText("na rohu ulice nesvítí lampa", (0, 13)), MarkedText("díra na rohu ulice", (5, 18))] * 3


def made() -> Model:
    places = train_places(PLACES, lambda words: frozenset())
    return Model(train(EXAMPLES, LEXICON), places, Thresholds(0.7, 0.4, 0.1))


@pytest.fixture(scope="module")
def model() -> Model:
    return made()


def refused(path: Path, match: str) -> None:
    with pytest.raises(ModelRefusedError, match=match):
        stored.load(path)


def test_training_twice_gives_the_same_bytes(model: Model, tmp_path: Path) -> None:
    stored.save(model, tmp_path / "one.npz")
    stored.save(made(), tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_a_stored_model_answers_as_before_and_is_named_by_its_hash(model: Model, tmp_path: Path) -> None:
    stored.save(model, tmp_path / "m.npz")
    read = stored.load(tmp_path / "m.npz")
    matter = matter_of(CaseText(text="lampa a díra"))
    before, after = (one.answers.scores(matter.subject, matter.text) for one in (model, read))
    assert np.allclose(before, after)
    text = "nesvítí na rohu ulice"
    assert read.places.find(text, words_of(text), frozenset()) == (1, 3)
    assert read.thresholds == Thresholds(0.7, 0.4, 0.1)
    assert len(read.hash) == 64


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"\x00" * 500])
def test_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(content)
    refused(tmp_path / "m.npz", "this is no model")


def test_a_model_that_is_missing_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none.npz", "no model")


def test_a_model_of_another_version_is_refused(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "VERSION", stored.VERSION + 1)
    stored.save(model, tmp_path / "m.npz")
    monkeypatch.undo()
    refused(tmp_path / "m.npz", "version")


def test_a_model_whose_tables_do_not_fit_is_refused(model: Model, tmp_path: Path) -> None:
    answers, places = model.answers, model.places
    for broken in (
        replace(model, answers=replace(answers, rarity=answers.rarity[:-1])),
        replace(model, answers=replace(answers, given=answers.given[:, :-1])),
        replace(model, places=replace(places, weights=places.weights[:-1])),
    ):
        stored.save(broken, tmp_path / "m.npz")
        refused(tmp_path / "m.npz", "fit")


def test_the_shipped_model_can_be_read() -> None:
    assert stored.load(SHIPPED).answers.labels(CATEGORY)


def test_a_shipped_model_that_cannot_be_used_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stored, "SHIPPED", tmp_path / "none.npz")
    stored.shipped.cache_clear()
    assert stored.shipped() is None
    assert "model_refused" in caplog.text
    stored.shipped.cache_clear()
