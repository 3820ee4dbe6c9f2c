"""What the model may say beside the category, and what it may not."""

import re
from dataclasses import replace

import pytest

from contracts.reports import Automatic
from contracts.types import Kind, Priority
from router.decision import Decision, Router
from router.matter import CaseText
from router.model.stored import Model, shipped

from .builders import REPOSITORY, decided_on, lipovany

CALM = "V Husově se kýve zábradlí u schodů."


def model() -> Model:
    found = shipped()
    assert found is not None
    return found


def decided_with(text: str, **thresholds: float) -> Decision:
    own = replace(model(), thresholds=replace(model().thresholds, **thresholds))
    return Router(lipovany(), own).decide(CaseText(text=text))


def test_likeness_to_an_emergency_raises_it_for_a_person_at_once() -> None:
    decision = decided_with(CALM, emergency=0.0)
    assert (decision.kind, decision.urgent, decision.priority) == (Kind.EMERGENCY, True, Priority.P1)
    assert not decision.decided
    assert "kind.danger-learnt" in decision.reasons


def test_below_its_threshold_likeness_to_an_emergency_raises_nothing() -> None:
    assert decided_with(CALM, emergency=1.0).kind != Kind.EMERGENCY


@pytest.mark.parametrize(("threshold", "urgent"), [(0.0, True), (1.0, False)])
def test_urgency_is_learnt_from_the_models_threshold_on(threshold: float, urgent: bool) -> None:
    decision = decided_with(CALM, urgent=threshold, emergency=1.0)
    assert decision.urgent == urgent
    assert ("urgency.learnt" in decision.reasons) == urgent


def test_a_danger_told_in_one_sentence_wins_whatever_stands_around_it() -> None:
    text = "Dobrý den, v Husově nesvítí lampa, prosím o opravu. A teď vidím, že vedle hoří dům. Děkuji."
    decision = decided_on(text)
    assert (decision.kind, decision.urgent) == (Kind.EMERGENCY, True)


def test_a_machines_mail_is_no_danger_by_a_sentence() -> None:
    text = "Jsem mimo kancelář. Když hoří dům, volejte 112."
    assert decided_on(text, "Automatická odpověď", automatic=Automatic.REPLIED).kind != Kind.EMERGENCY


def test_what_was_learnt_says_so() -> None:
    assert "category.learnt" in Router(lipovany(), model()).decide(CaseText(text=CALM)).reasons


def test_every_reason_that_the_router_gives_is_said_in_words() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (REPOSITORY / "services/router/router").rglob("*.py")
    )
    codes = set(re.findall(r'"((?:category|kind|urgency|competence|place)\.[a-z-]+)"', sources))
    assert len(codes) > 20
    assert [code for code in sorted(codes) if lipovany().reason(code) is None] == []
