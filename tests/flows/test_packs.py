"""Another pack comes to hold while everything runs, and is taken back. Known from outside only."""

import shutil
from pathlib import Path

import pytest

from .conftest import Town
from .operating import operator
from .test_road import TECHNICAL_SERVICES, citizen_address, reported
from .wire import eventually

pytestmark = [pytest.mark.flow, pytest.mark.integration]

LAMPS_ARE_THE_TRANSPORT_DEPARTMENTS = "categories:\n  - slug: streetlight-out\n    role: odbor-dopravy\n"


@pytest.fixture
def other_pack(tmp_path: Path) -> Path:
    """As the town's, but for who mends lamps."""
    for name in ("cz-town", "lipovany"):
        shutil.copytree(Path("packs") / name, tmp_path / name)
    lighting = tmp_path / "lipovany" / "categories" / "lighting.yaml"
    lighting.parent.mkdir(exist_ok=True)
    lighting.write_text(LAMPS_ARE_THE_TRANSPORT_DEPARTMENTS, encoding="utf-8")
    return tmp_path / "lipovany"


def resolver_of_a_lamp(town: Town) -> object:
    ticket = reported(town, citizen_address(), "Lampa", "V Lipové ulici u čísla 12 nesvítí lampa.")
    return ticket["resolver"]["code"]  # type: ignore[index]


def test_a_pack_comes_to_hold_without_a_restart_and_is_taken_back(town: Town, other_pack: Path) -> None:
    assert resolver_of_a_lamp(town) == "technicke-sluzby"
    loaded = operator(town.system, "tickets", "pack", "load", str(other_pack))
    assert "holds from now on" in loaded.stderr
    # The services hear of it by the topic, each in its own time.
    eventually(lambda: resolver_of_a_lamp(town) == "odbor-dopravy", "the other pack holds", 30)
    listed = operator(town.system, "tickets", "pack", "list").stdout.splitlines()
    assert len(listed) == 2
    assert listed[0].endswith("holds")

    back = operator(town.system, "tickets", "pack", "back")
    assert "holds from now on" in back.stderr
    eventually(lambda: resolver_of_a_lamp(town) == "technicke-sluzby", "the first pack holds again", 30)
    sender = citizen_address()
    number = reported(town, sender, "Lampa", "V Husově ulici nesvítí lampa.")["number"]
    town.post.one(TECHNICAL_SERVICES, str(number))


def test_what_is_no_pack_is_told_line_by_line_and_nothing_changes(town: Town, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("slug: x\n", encoding="utf-8")
    before = operator(town.system, "tickets", "pack", "list").stdout
    refused = operator(town.system, "tickets", "pack", "load", str(tmp_path))
    assert refused.returncode == 1
    assert "pack.yaml:1:" in refused.stderr
    assert operator(town.system, "tickets", "pack", "list").stdout == before


def test_there_is_no_way_back_to_a_pack_that_never_held(town: Town) -> None:
    refused = operator(town.system, "tickets", "pack", "back", "--to", "feedfeedfeed")
    assert refused.returncode == 1
    assert "pack list" in refused.stderr
