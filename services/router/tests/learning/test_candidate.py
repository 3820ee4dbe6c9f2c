"""The router learns a town's own words from its people, and one person alone does not turn it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from contracts.envelope import Event
from router.decision import Router
from router.learning.candidate import Candidate, candidate_of
from router.learning.history import settled_cases
from router.matter import CaseText
from router.model.stored import Model, read, save, shipped

from ..builders import lipovany
from .cases import case, together

# A word that nobody outside the town knows: a drinking fountain that the people call so.
WORD = "Hastrman {} zase zlobí, prosím o nápravu."
WHERE = [
    "u kina",
    "v parku",
    "na hrázi",
    "za školou",
    "pod kostelem",
    "u pošty",
    "na sídlišti",
    "u lávky",
    "v aleji",
    "u hřbitova",
]
KNOWN = [
    ("Nesvítí lampa {}.", "streetlight-out"),
    ("Ve vozovce je výtluk {}.", "pothole"),
    ("Přetéká kontejner na sklo {}.", "container-overflow"),
]
LEARNT, ASKED = "street-furniture", CaseText(text="Hastrman před nádražím zlobí.")


def model() -> Model:
    found = shipped()
    assert found is not None
    return found


def guess(found: Model, case_text: CaseText) -> str:
    return Router(lipovany(), found).decide(case_text).candidates[0].category


def history(by: str = "dispecer-1", solved_by: str | None = "resitel-1", corrected: str = LEARNT) -> list[Event[Any]]:
    first = guess(model(), ASKED)
    told = [
        case(10 * number, WORD.format(where), first, corrected, by=by, solved_by=solved_by)
        for number, where in enumerate(WHERE * 2)
    ]
    usual = [
        case(10 * number + 1 + kind, text.format(where), category)
        for number, where in enumerate(WHERE)
        for kind, (text, category) in enumerate(KNOWN)
    ]
    return together(*told, *usual)


def made(events: list[Event[Any]]) -> Candidate:
    found = candidate_of(model(), lipovany(), settled_cases(events))
    assert found is not None
    return found


def test_a_word_of_the_town_is_learnt_and_what_was_known_stays() -> None:
    found = made(history())
    assert guess(model(), ASKED) != LEARNT
    assert guess(found.model, ASKED) == LEARNT
    for text, category in KNOWN:
        assert guess(found.model, CaseText(text=text.format("v Husově ulici"))) == category
    assert "learns from 50 cases, of them 20 corrected by people" in found.report


def test_one_clerks_whim_turns_nothing() -> None:
    whim = together(
        *(case(10 * number, f"Nesvítí lampa {where}.", "streetlight-out", "praise", by="rozmar", solved_by="rozmar")
          for number, where in enumerate(WHERE * 5)),
        *(case(10 * number + 1, f"Ve vozovce je výtluk {where}.", "pothole") for number, where in enumerate(WHERE * 3)),
    )  # fmt: skip
    found = made(whim)
    assert guess(found.model, CaseText(text="Nesvítí lampa v Husově ulici.")) == "streetlight-out"
    assert "  waits for a second person: streetlight-out → praise (50)" in found.report


def test_the_shadow_tells_when_a_candidate_is_worse() -> None:
    turned = [
        case(number, f"Nesvítí lampa {where}.", "streetlight-out", "praise") for number, where in enumerate(WHERE * 3)
    ]
    right = [case(100 + number, f"Nesvítí lampa {where}.", "streetlight-out") for number, where in enumerate(WHERE)]
    found = made(together(*turned, *right))
    assert "PROVEN WORSE" in found.report


def test_too_few_cases_make_no_candidate() -> None:
    few = together(*(case(number, "Nesvítí lampa.", "streetlight-out") for number in range(19)))
    assert candidate_of(model(), lipovany(), settled_cases(few)) is None


def test_the_same_cases_make_the_same_model() -> None:
    first, second = (made(history()).model for _ in range(2))
    assert np.array_equal(first.answers.weights, second.answers.weights)
    assert first.answers.names == second.answers.names


def test_no_persons_name_becomes_a_word_of_the_model() -> None:
    events = together(
        *(case(n, f"Pan Vokurkovský hlásí: nesvítí lampa {where}.", "streetlight-out", "energy-outage")
          for n, where in enumerate(WHERE * 3))
    )  # fmt: skip
    assert not any("vokurk" in name for name in made(events).model.answers.names)


def test_a_candidate_is_a_model_like_any_other(tmp_path: Path) -> None:
    found = made(history()).model
    file = tmp_path / "candidate.npz"
    save(found, file)
    again = read(file.read_bytes())
    assert guess(again, ASKED) == LEARNT
    assert replace(again, hash="").thresholds == found.thresholds
