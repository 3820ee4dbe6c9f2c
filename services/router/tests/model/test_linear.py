"""What was learnt is known again, and every question gets an answer."""

import pytest

from router.matter import CaseText, matter_of
from router.model.linear import BODY, CATEGORY, KIND, URGENT, LinearModel
from router.model.training import Example, train
from router.words import words_of

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


def test_one_sentence_is_asked_for_its_category_alone(model: LinearModel) -> None:
    shares = model.category_of(words_of("hovno na chodníku"))
    assert max(shares, key=shares.__getitem__) == "dog-waste"
    assert set(shares) == set(TEXTS)
