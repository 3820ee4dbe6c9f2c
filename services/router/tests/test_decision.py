"""How a decision is made, beside the words. (P7)"""

import pytest

from contracts.reports import Automatic
from contracts.types import Confidentiality, Kind, Priority

from .builders import decided_on, lipovany


@pytest.mark.parametrize("sort", [Automatic.REPLIED, Automatic.BOUNCE, Automatic.OWN])
def test_a_machines_mail_is_set_aside(sort: Automatic) -> None:
    decision = decided_on("Jsem na dovolené do pondělí.", automatic=sort)
    assert decision.set_aside
    assert decision.kind == Kind.SPAM


@pytest.mark.parametrize("sort", [Automatic.BULK, Automatic.GENERATED])
def test_a_report_through_a_list_or_a_web_form_is_routed_like_any_other(sort: Automatic) -> None:
    text = "V Lipové ulici u čísla 12 nesvítí lampa."
    decision = decided_on(text, "Lampa", automatic=sort)
    assert not decision.set_aside
    assert decision == decided_on(text, "Lampa")


def test_advertising_from_a_list_is_set_aside_for_its_words() -> None:
    decision = decided_on("Kasino: bonus zdarma, klikněte na https://kasino.example.test", automatic=Automatic.BULK)
    assert decision.set_aside


def test_danger_in_a_mail_that_a_machine_made_is_not_set_aside() -> None:
    decision = decided_on("Hoří sklad, plameny jdou ze střechy.", automatic=Automatic.GENERATED)
    assert not decision.set_aside
    assert decision.category == "emergency"


def test_likeness_to_advertising_alone_sets_nothing_aside() -> None:
    decision = decided_on("Sleva! Sleva! Nabídka marketingu")
    assert not decision.set_aside
    assert not decision.decided


@pytest.mark.parametrize("text", ["", "...", "???", "asdf qwer zxcv", "(MMS bez textu)"])
def test_what_nobody_understands_goes_to_a_person(text: str) -> None:
    decision = decided_on(text)
    assert not decision.decided
    assert not decision.urgent


def test_an_empty_message_is_unclear_and_says_why() -> None:
    decision = decided_on("")
    assert (decision.category, decision.candidates) == ("unclear", ())
    assert decision.reasons[0] == "category.nothing-known"


def test_candidates_come_with_probabilities_the_likeliest_first() -> None:
    candidates = decided_on("V Polní ulici je rozbitý chodník a vedle výtluk v silnici.").candidates
    probabilities = [candidate.probability for candidate in candidates]
    assert len(candidates) >= 3
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0.9 < sum(probabilities) <= 1.0001


def test_a_message_between_two_categories_goes_to_a_person_with_both_as_candidates() -> None:
    decision = decided_on("Prosím o radu ohledně stromu a psa.")
    assert not decision.decided
    assert len(decision.candidates) >= 3


def test_whistleblowing_is_sealed_and_goes_to_its_officer() -> None:
    decision = decided_on("Pracuji na radnici a vedoucí bere úplatky od dodavatelů.")
    assert decision.confidentiality == Confidentiality.SEALED
    assert decision.team == "prislusna-osoba"


def test_an_undecided_case_that_may_be_confidential_is_treated_as_such() -> None:
    restricted = [c.slug for c in lipovany().categories if c.confidentiality != Confidentiality.OPEN]
    decision = decided_on("úředník a jeho chování, drogy a krádeže, dávky a děti")
    assert decision.candidates[0].category in restricted
    assert decision.confidentiality == Confidentiality.RESTRICTED


def test_urgency_raises_the_priority() -> None:
    calm = decided_on("Kanál před domem je ucpaný.")
    urgent = decided_on("Chybí poklop na kanálu!")
    assert (calm.urgent, calm.priority) == (False, Priority.P2)
    assert (urgent.urgent, urgent.priority) == (True, Priority.P1)


def test_anger_makes_nothing_urgent() -> None:
    assert not decided_on("UŽ POTŘETÍ!!! Ta tráva je po pás!!! Kdy ji někdo OKAMŽITĚ poseká???").urgent


def test_the_team_of_the_town_answers_also_beside_an_outside_body() -> None:
    decision = decided_on("Neteče nám voda z vodovodu.")
    assert (decision.body, decision.team) == ("vodarny", "dispecink")


def test_a_complaint_about_a_policeman_goes_to_the_mayor() -> None:
    assert decided_on("Stížnost na strážníka, křičel na mě.").team == "kancelar-starosty"


def test_reasons_are_impersonal_and_words_stand_apart() -> None:
    decision = decided_on("V Husově ulici u čísla 12 je výtluk, volejte 601 234 567.")
    assert "vytluk" not in " ".join(decision.reasons)
    assert all(reason.replace(".", "").replace("-", "").isalnum() for reason in decision.reasons)
    assert "výtluk" in decision.matched_words


def test_every_example_that_a_rule_catches_is_caught_for_its_category() -> None:
    caught = 0
    for category in lipovany().categories:
        for example in category.examples:
            decision = decided_on(example)
            if decision.reasons[0].startswith("matter."):
                caught += 1
                assert decision.category == category.slug, (example, decision.reasons)
    assert caught > 20


def test_most_examples_of_the_pack_are_found_among_the_first_three() -> None:
    examples = [(category.slug, example) for category in lipovany().categories for example in category.examples]
    found = sum(slug in [c.category for c in decided_on(example).candidates[:3]] for slug, example in examples)
    assert found / len(examples) > 0.95


@pytest.mark.parametrize(
    "unit",
    [
        "Husova" + " " * 200,
        "děkuji ",
        "dobrý den, ",
        "a",
        "lampa ",
        "\n",
        "u ",
        "předem moc ",
        "nejde o ",
        "49.1234",
        "€",
    ],
)
def test_no_text_takes_long(unit: str) -> None:
    import time

    started = time.process_time()
    decided_on(unit * (32_000 // len(unit)), unit * 40)
    assert time.process_time() - started < 1
