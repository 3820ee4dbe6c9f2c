"""`python -m packs diff`: what a change of a pack changes for the town, layers and all."""

from pathlib import Path

import pytest

import packs
from packs.__main__ import main
from packs.differences import differences

from .workshop import PACKS, Workshop


def changed(workshop: Workshop) -> list[str]:
    """What differs between the pack of the tree and that of the workshop."""
    return [str(one) for one in differences(packs.load(PACKS / "lipovany"), packs.load(workshop.pack))]


def test_a_pack_does_not_differ_from_itself(workshop: Workshop) -> None:
    assert changed(workshop) == []


def test_a_changed_value_is_named_by_the_things_slug(workshop: Workshop) -> None:
    workshop.append("lipovany/categories/roads.yaml", "categories:\n  - slug: pothole\n    deadline:\n      value: 7\n")
    assert changed(workshop) == ["~ categories.pothole.deadline.value: 10 → 7"]


def test_a_new_and_a_lost_rule_are_told(workshop: Workshop) -> None:
    rule = (
        "kind:\n  - slug: cheers\n    why: Chvála.\n    when:\n      any_of: [sláva]\n    then:\n      kind: praise\n"
    )
    workshop.append("lipovany/rules/kind.yaml", rule)
    (added,) = changed(workshop)
    assert added.startswith("+ rules.kind.cheers: ")
    (lost,) = differences(packs.load(workshop.pack), packs.load(PACKS / "lipovany"))
    assert str(lost).startswith("- rules.kind.cheers: ")


def test_rules_that_changed_places_are_told_because_the_first_wins(workshop: Workshop) -> None:
    ours = packs.load(PACKS / "lipovany")
    turned = ours.model_copy(
        update={"rules": ours.rules.model_copy(update={"matter": list(reversed(ours.rules.matter))})}
    )
    (found,) = differences(ours, turned)
    assert found.place == "rules.matter (order)"


def test_a_change_of_the_layer_below_shows_in_the_town(workshop: Workshop) -> None:
    workshop.replace("cz-town/kinds.yaml", "Pochvala", "Velká pochvala")
    assert any(one.startswith("~ kinds.praise.") for one in changed(workshop))


def test_the_command_says_that_packs_differ_by_its_exit_code(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = str(PACKS / "lipovany")
    assert main(["diff", tree, str(workshop.pack)]) == 0
    workshop.replace("lipovany/town.yaml", "Lipovany", "Lípovany")
    assert main(["diff", tree, str(workshop.pack)]) == 1
    assert "~ town.name: Město Lipovany → Město Lípovany" in capsys.readouterr().out


def test_what_is_no_pack_is_told_with_its_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(PACKS / "lipovany"), str(tmp_path)]) == 2
    assert "pack.yaml" in capsys.readouterr().err
