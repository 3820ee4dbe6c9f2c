"""The parts of which a decision is made."""

import pytest

from packs.rules import Condition, KindOnly, KindRule
from router.categories.likeness import Likeness
from router.matter import CaseText, matter_of
from router.rules import RuleList
from router.words import Phrases, words_of

from .builders import lipovany


def found(phrase: str, text: str) -> bool:
    return bool(Phrases([("owner", phrase)]).find(words_of(text)))


@pytest.mark.parametrize(
    ("phrase", "text", "there"),
    [
        ("nesvit", "Lampa NESVÍTÍ.", True),
        ("led", "na chodníku je led", True),
        ("led", "bolí mě ledviny", False),
        ("srn*", "leží tam srnec", True),
        ("hoří.", "hoří dům", True),
        ("hoří.", "hořící dům", False),
        ("rozbit cest", "rozbitá polní cesta", True),
        ("rozbit cest", "rozbitá lavička, koš, lampa a cesta", False),
        ("rozbit cest", "cesta je rozbitá", False),
        ("106 1999", "podle zák. 106/1999 Sb.", True),
        ("t mobile", "operátor T-Mobile", True),
    ],
)
def test_a_phrase_means_beginnings_of_words_close_together(phrase: str, text: str, there: bool) -> None:
    assert found(phrase, text) is there


def rule(slug: str, **when: list[str]) -> KindRule:
    return KindRule(slug=slug, why="-", when=Condition(**when), then=KindOnly(kind="praise"))  # type: ignore[arg-type]


def first(rules: list[KindRule], text: str, category: str = "pothole") -> str | None:
    fired = RuleList(rules).first(words_of(text), category=category)
    return fired.rule.slug if fired else None


def test_the_first_rule_that_matches_wins() -> None:
    rules = [rule("narrow", any_of=["díra"], and_any_of=["chodník"]), rule("wide", any_of=["díra"])]
    assert first(rules, "díra v chodníku") == "narrow"
    assert first(rules, "díra v silnici") == "wide"
    assert first(rules, "lampa") is None


def test_a_forbidden_phrase_silences_a_rule() -> None:
    assert first([rule("one", any_of=["díra"], none_of=["v rozpočtu"])], "díra v rozpočtu") is None


def test_a_rule_of_other_categories_is_silent() -> None:
    rules = [rule("one", any_of=["díra"], categories=["sidewalk-defect"])]
    assert first(rules, "díra") is None
    assert first(rules, "díra", "sidewalk-defect") == "one"


def test_a_rule_tells_the_words_as_they_were_written() -> None:
    fired = RuleList([rule("one", any_of=["únik plynu"])]).first(words_of("Pozor, ÚNIK Plynu!"))
    assert fired is not None
    assert fired.words == ("ÚNIK", "Plynu")


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Dobrý den, je tam díra. Děkuji za opravu", "je tam díra"),
        ("Dobrý den paní starostko,\nje tam velká díra\n\nS pozdravem\nobčan", "je tam velká díra"),
        ("Díky", "Díky"),
        ("Dobrý den", "Dobrý den"),
        ("nejde o lampu, ale o semafor", "jde o semafor"),
        ("Je tam díra.\nHezký den", "Je tam díra"),
        ("vysoká tráva u hřiště za školou", "vysoká tráva u za školou"),
    ],
)
def test_politeness_and_places_are_no_topic(text: str, topic: str) -> None:
    assert [word.raw for word in matter_of(CaseText(text=text)).topic] == topic.split()


@pytest.mark.parametrize("subject", ["Hlášení", "bez předmětu", "Re: Podnět", "Dobrý den"])
def test_an_empty_subject_says_nothing(subject: str) -> None:
    assert matter_of(CaseText(subject=subject, text="díra")).subject == []


def test_probabilities_sum_to_one_and_words_are_told() -> None:
    candidates = Likeness.from_pack(lipovany()).candidates([], words_of("V ulici nesvítí lampa"))
    assert sum(candidate.probability for candidate in candidates) == pytest.approx(1)
    assert candidates[0].category == "streetlight-out"
    assert "nesvítí" in candidates[0].words


def test_the_subject_counts_more_than_a_word_of_the_text() -> None:
    classifier = Likeness.from_pack(lipovany())
    text = words_of("u hřiště, kde je rozbitá lavička")
    assert classifier.candidates(words_of("Houpačka na hřišti"), text)[0].category == "playground-sport"


def test_the_words_of_our_own_subject_say_nothing_of_what_is_written_now() -> None:
    ours = "Re: Přijali jsme vaši zprávu č. 2026-000009: Rušení nočního klidu"
    assert matter_of(CaseText(subject=ours, text="Ještě něco.")).subject == []
    assert matter_of(CaseText(subject="Rušení nočního klidu", text="Ještě něco.")).subject != []
