"""Other matters of a message are offered in the writer's words; what only goes with a matter is none."""

from dataclasses import replace

import pytest

from contracts.types import Confidentiality
from router.categories.further import Further, further, possible
from router.decision import Router
from router.handlers import routing_decided
from router.matter import CaseText, Sentence, matter_of
from router.model.stored import shipped
from router.words import words_of

from .builders import lipovany
from .test_handlers import DIGEST, opened

LAMP, HOLE, THANKS = "Na rohu nesvítí jedna lampa.", "V silnici je hluboká díra.", "Děkuji za vaši práci."


def told(*sentences: tuple[str, dict[str, float]]) -> tuple[Further, ...]:
    asked = [(Sentence(text, words_of(text)), shares) for text, shares in sentences]
    return further("streetlight-out", asked, {"pothole"})


def test_a_sentence_about_something_else_is_offered_in_its_words() -> None:
    found = told((LAMP, {"streetlight-out": 0.9}), (HOLE, {"pothole": 0.95, "streetlight-out": 0.01}))
    assert found == (Further("pothole", HOLE),)


def test_sentences_of_the_same_further_matter_are_one_offer() -> None:
    hole = {"pothole": 0.95}
    found = told((LAMP, {"streetlight-out": 0.9}), (HOLE, hole), ("Auta do ní padají celá.", hole))
    assert found == (Further("pothole", f"{HOLE} Auta do ní padají celá."),)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        (HOLE, {"pothole": 0.4, "roadworks": 0.3}),
        (HOLE, {"pothole": 0.8, "streetlight-out": 0.2}),
        (THANKS, {"praise": 0.99}),
        ("Díra.", {"pothole": 0.99}),
    ],
    ids=["unsure", "goes on about the main matter", "not possible", "too short"],
)
def test_nothing_is_offered_where_nothing_stands_for_itself(text: str, shares: dict[str, float]) -> None:
    assert told((LAMP, {"streetlight-out": 0.9}), (text, shares)) == ()


def test_what_the_whole_message_hardly_is_no_sentence_of_it_is_either() -> None:
    whole = {"streetlight-out": 0.9, "pothole": 0.05, "praise": 0.04, "sewer": 0.0001}
    assert possible("streetlight-out", whole, {"praise"}) == {"pothole"}


def test_a_message_of_one_sentence_has_one_matter() -> None:
    assert Router(lipovany(), shipped()).decide(CaseText(text=TWO.partition(". ")[2])).further == ()


def test_numbers_and_abbreviations_end_no_sentence() -> None:
    text = "Dne 2. 5. u č. 12 nesvítí lampa. A p. Novák říká totéž!\nHezký den"
    sentences = [one.text for one in matter_of(CaseText(text=text)).sentences]
    assert sentences == ["Dne 2. 5. u č. 12 nesvítí lampa.", "A p. Novák říká totéž!", "Hezký den"]


TWO = "Ve Školní už týden nesvítí dvě lampy pouličního osvětlení. A na Mlýnské je ve vozovce výtluk, auta si v něm ničí kola."


def test_the_model_finds_the_second_matter_and_the_event_carries_its_words() -> None:
    decision = Router(lipovany(), shipped()).decide(CaseText(text=TWO))
    assert [one.category for one in decision.further] == ["pothole"]
    event = opened(TWO)
    assert [one.text for one in routing_decided(event, decision, DIGEST).personal.further] == [TWO.partition(". ")[2]]
    sealed = replace(decision, confidentiality=Confidentiality.SEALED)
    assert routing_decided(event, sealed, DIGEST).personal.further == []


def test_without_a_model_nothing_is_offered() -> None:
    assert Router(lipovany()).decide(CaseText(text=TWO)).further == ()
