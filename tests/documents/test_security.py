"""docs/security.md goes through the whole of ASVS 5.0 level 2, and claims nothing without something to look at."""

import re
from collections.abc import Iterator

import pytest

from .statements import PROJECT

PAGE = PROJECT / "docs/security.md"
# Numbers of the requirements of levels 1 and 2: section and how many, where none of level 3 stands between.
SECTIONS = """
1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4 5.1:1 5.2:3 5.3:2
5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2 8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2
10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3 11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3 12.2:2 12.3:4 13.1:1 13.2:5 13.3:2
13.4:5 14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4 16.4:3 16.5:3 17.1:1 17.2:4 17.3:2
"""
REQUIREMENTS = [
    f"{section}.{number}"
    for section, count in (pair.split(":") for pair in SECTIONS.split())
    for number in range(1, int(count) + 1)
]
_ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (met|not applicable|gap) \| (.+) \|$", re.MULTILINE)
_REFERENCE = re.compile(r"the same|the list below|as \d+\.\d+\.\d+|below, ")


def unproved(page: str) -> Iterator[str]:
    """Lines that are met by nothing that can be looked at, and gaps that are nobody's."""
    for number, _, state, proof in _ROW.findall(page):
        named = re.findall(r"`([^`\s]+)`", proof)
        if state == "met" and not any((PROJECT / name).exists() for name in named) and not _REFERENCE.search(proof):
            yield number
        if state == "gap" and not re.search(r"\bwe\b|operator", proof):
            yield number


def test_every_requirement_has_its_line_once() -> None:
    assert [row[0] for row in _ROW.findall(PAGE.read_text())] == REQUIREMENTS
    assert len(REQUIREMENTS) == 253


def test_what_is_met_can_be_looked_at_and_every_gap_is_somebodys() -> None:
    assert list(unproved(PAGE.read_text())) == []


def test_the_page_counts_itself() -> None:
    states = [row[2] for row in _ROW.findall(PAGE.read_text())]
    told = re.search(r"Of (\d+) requirements (\d+) are met, (\d+) concern .*?, (\d+) are gaps", PAGE.read_text())
    assert told is not None
    assert [int(number) for number in told.groups()] == [
        len(states), states.count("met"), states.count("not applicable"), states.count("gap"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line", ["| 1.1.1 | x | met | trust us |", "| 1.1.1 | x | met | `kit/no-such.py` |", "| 1.1.1 | x | gap | later |"]
)
def test_a_line_without_proof_is_found(line: str) -> None:
    assert list(unproved(line)) == ["1.1.1"]
