"""Every service has the same shape, names say something, and nothing grows beyond reading."""

from pathlib import Path

import pytest

from contracts.registry import TOPICS

from .conftest import Plant
from .shape import (
    FLAT_MODULES,
    FUNCTION_LINES,
    LINES,
    name_faults,
    root_faults,
    shape_faults,
    size_faults,
    wiring_faults,
)

SERVICES_IN_CONTRACTS = {name for topic in TOPICS for name in (*topic.writers, *topic.readers, *topic.followers)}
LAMPS = {
    **{f"services/street-lamps/street_lamps/{name}.py": "" for name in ("__init__", "__main__", "handlers")},
    **{f"services/street-lamps/street_lamps/{name}.py": "" for name in ("settings", "wiring", "rules")},
    "services/street-lamps/tests/test_rules.py": "",
    "services/street-lamps/README.md": "",
}
BUILT = """
    [tool.hatch.build]
    dev-mode-dirs = [".", "services/street-lamps"]
    [tool.hatch.build.targets.wheel]
    packages = ["contracts", "services/street-lamps/street_lamps"]
    """


def test_every_service_has_the_same_shape(root: Path) -> None:
    assert shape_faults(root) == []


def test_nothing_lies_about_at_the_top(root: Path) -> None:
    assert root_faults(root) == []


def test_what_an_experiment_left_at_the_top_is_found(plant: Plant, tmp_path: Path) -> None:
    plant({"Makefile": "", "kit/rules.py": "", "tried.npz": ""})
    assert root_faults(tmp_path) == ["tried.npz: does not belong here"]


def test_every_name_says_something(root: Path) -> None:
    assert name_faults(root) == []


def test_no_file_or_function_grows_beyond_reading(root: Path) -> None:
    assert size_faults(root) == []


def test_services_contracts_and_packaging_know_each_other(root: Path) -> None:
    assert wiring_faults(root, SERVICES_IN_CONTRACTS) == []


def test_a_well_shaped_service_is_not_found(plant: Plant, tmp_path: Path) -> None:
    plant({**LAMPS, "pyproject.toml": BUILT, "services/street-lamps/street_lamps/poles/heights.py": ""})
    assert shape_faults(tmp_path) == name_faults(tmp_path) == wiring_faults(tmp_path, {"street-lamps"}) == []


@pytest.mark.parametrize(
    ("missing", "fault"),
    [
        ("services/street-lamps/README.md", "services/street-lamps: README.md is missing"),
        ("services/street-lamps/tests/test_rules.py", "services/street-lamps/tests: no test"),
        *(
            (
                f"services/street-lamps/street_lamps/{name}.py",
                f"services/street-lamps/street_lamps/{name}.py: is missing",
            )
            for name in ("__init__", "__main__", "handlers", "settings", "wiring")
        ),
    ],
)
def test_a_missing_part_of_a_service_is_found(plant: Plant, tmp_path: Path, missing: str, fault: str) -> None:
    plant({path: content for path, content in LAMPS.items() if path != missing})
    assert fault in shape_faults(tmp_path)


@pytest.mark.parametrize(
    ("added", "fault"),
    [
        ("services/street-lamps/notes.txt", "services/street-lamps/notes.txt: does not belong here"),
        ("services/street-lamps/lamps/rules.py", "services/street-lamps/lamps: does not belong here"),
        (
            "services/street-lamps/street_lamps/poles/steel/rules.py",
            "services/street-lamps/street_lamps/poles/steel: a second level",
        ),
    ],
)
def test_what_does_not_belong_to_a_service_is_found(plant: Plant, tmp_path: Path, added: str, fault: str) -> None:
    plant({**LAMPS, added: ""})
    assert shape_faults(tmp_path) == [fault]


def test_too_many_flat_modules_are_found(plant: Plant, tmp_path: Path) -> None:
    plant({**LAMPS, **{f"services/street-lamps/street_lamps/rule_{number}.py": "" for number in range(FLAT_MODULES)}})
    assert "open a subfolder by a domain word" in shape_faults(tmp_path)[0]


@pytest.mark.parametrize(
    "path", ["kit/utils.py", "kit/common/rules.py", "services/street-lamps/street_lamps/helpers.py", "packs/core.py"]
)
def test_a_name_that_says_nothing_is_found(plant: Plant, tmp_path: Path, path: str) -> None:
    plant({path: ""})
    assert len(name_faults(tmp_path)) == 1


def test_what_grew_beyond_reading_is_found(plant: Plant, tmp_path: Path) -> None:
    long = "def long():\n" + "    x = 1\n" * FUNCTION_LINES
    plant({"kit/long.py": "x = 1\n" * (LINES + 1), "kit/function.py": long, "kit/tests/test_long.py": long})
    found = [f"kit/function.py:1: long has {FUNCTION_LINES + 1} lines", f"kit/long.py: {LINES + 1} lines"]
    assert size_faults(tmp_path) == found


@pytest.mark.parametrize(
    ("built", "services", "fault"),
    [
        (BUILT, {"street-lamps", "poles"}, "contracts/registry.py: poles has no folder"),
        (BUILT, set(), "services/street-lamps: no topic knows it"),
        (
            BUILT.replace('"services/street-lamps"]', "]"),
            {"street-lamps"},
            "pyproject.toml: street-lamps is not in dev-mode-dirs",
        ),
        (
            BUILT.replace('"services/street-lamps/street_lamps"', ""),
            {"street-lamps"},
            "pyproject.toml: street-lamps is not packaged",
        ),
    ],
)
def test_a_service_that_one_place_does_not_know_is_found(
    plant: Plant, tmp_path: Path, built: str, services: set[str], fault: str
) -> None:
    plant({**LAMPS, "pyproject.toml": built})
    assert wiring_faults(tmp_path, services) == [fault]
