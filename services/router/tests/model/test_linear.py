"""A model is stored and read as it was; what is no model is refused, and then the pack's words decide."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from router.matter import CaseText, matter_of
from router.model import SHIPPED, linear
from router.model.linear import LinearModel, ModelRefusedError
from router.model.training import BODY, CATEGORY, KIND, URGENT, Example, train

TEXTS = {
    "streetlight-out": ["lampa nesvítí", "nesvítí světlo v ulici", "zhaslá lampa, je tma"],
    "pothole": ["díra v silnici", "velký výtluk na vozovce", "díra ve vozovce, jezdí se slalom"],
    "dog-waste": ["psí hovno na chodníku", "hovno u hřiště po psech", "na chodníku psí výkal"],
}
EXAMPLES = [
    Example(CaseText(text=text), {CATEGORY: category, KIND: "fault", URGENT: str(number % 2), BODY: "-"})
    for category, texts in TEXTS.items()
    for number, text in enumerate(texts)
] + [Example(CaseText(text="děkuji za lampu"), {CATEGORY: "streetlight-out", KIND: "praise", URGENT: "0", BODY: "rsd"})]
LEXICON = (("streetlight-out.object", "lamp"), ("streetlight-out.defect", "nesvit"), ("pothole.object", "dir"))


@pytest.fixture(scope="module")
def model() -> LinearModel:
    return train(EXAMPLES, LEXICON)


def answer(model: LinearModel, text: str, head: str = CATEGORY) -> str:
    matter = matter_of(CaseText(text=text))
    shares = model.probabilities(matter.subject, matter.text)[head]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
    return max(shares, key=shares.__getitem__)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("u nás nesvítí žádná lampa", "streetlight-out"),
        ("NESVITI LAMPY", "streetlight-out"),
        ("obrovské díry", "pothole"),
        ("hovna všude", "dog-waste"),
    ],
)
def test_what_was_learnt_is_known_again(model: LinearModel, text: str, category: str) -> None:
    assert answer(model, text) == category


def test_each_head_answers(model: LinearModel) -> None:
    assert answer(model, "díra v silnici", KIND) == "fault"
    assert {head.name for head in model.heads} == {CATEGORY, KIND, URGENT, BODY}


def test_a_text_of_which_nothing_is_known_gets_an_answer_all_the_same(model: LinearModel) -> None:
    assert answer(model, "") in TEXTS
    assert answer(model, "qqq www") in TEXTS


def test_training_twice_gives_the_same_bytes(model: LinearModel, tmp_path: Path) -> None:
    linear.save(model, tmp_path / "one.npz")
    linear.save(train(EXAMPLES, LEXICON), tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_a_stored_model_answers_as_before_and_is_named_by_its_hash(model: LinearModel, tmp_path: Path) -> None:
    linear.save(replace(model, sure_from=0.7), tmp_path / "m.npz")
    read = linear.load(tmp_path / "m.npz")
    matter = matter_of(CaseText(text="lampa a díra"))
    assert np.allclose(read.scores(matter.subject, matter.text), model.scores(matter.subject, matter.text))
    assert read.sure_from == 0.7
    assert len(read.hash) == 64


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"\x00" * 500])
def test_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(content)
    with pytest.raises(ModelRefusedError, match=r"m\.npz is no model"):
        linear.load(tmp_path / "m.npz")


def test_a_model_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError):
        linear.load(tmp_path / "none.npz")


def test_a_model_of_another_version_is_refused(
    model: LinearModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linear, "VERSION", linear.VERSION + 1)
    linear.save(model, tmp_path / "m.npz")
    monkeypatch.undo()
    with pytest.raises(ModelRefusedError, match="version"):
        linear.load(tmp_path / "m.npz")


def test_a_model_whose_tables_do_not_fit_is_refused(model: LinearModel, tmp_path: Path) -> None:
    linear.save(replace(model, rarity=model.rarity[:-1]), tmp_path / "m.npz")
    with pytest.raises(ModelRefusedError, match="fit"):
        linear.load(tmp_path / "m.npz")


def test_the_shipped_model_can_be_read() -> None:
    assert linear.load(SHIPPED).labels(CATEGORY)


def test_a_shipped_model_that_cannot_be_used_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(linear, "SHIPPED", tmp_path / "none.npz")
    linear.shipped.cache_clear()
    assert linear.shipped() is None
    assert "model_refused" in caplog.text
    linear.shipped.cache_clear()
