"""Every library is locked: one version, with the hashes of what may be installed under it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import audit

PROJECT = Path(__file__).resolve().parents[2]
LISTS = sorted((PROJECT / "requirements").glob("*.txt"))
_LOCKED = re.compile(
    r"[a-z0-9][a-z0-9.-]*(\[[a-z,]+\])?==[0-9][^\s;]*( ;[^\\]*)? \\(\n    --hash=sha256:[0-9a-f]{64}( \\)?)+"
)


def unlocked(text: str) -> Iterator[str]:
    """Entries that are more than a version with hashes: ranges, addresses, options."""
    for entry in re.split(r"\n(?=\S)", text.strip()):
        if not entry.startswith("#") and not _LOCKED.fullmatch(entry.strip()):
            yield entry.splitlines()[0]


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_every_library_has_one_version_with_hashes(path: Path) -> None:
    assert list(unlocked(path.read_text())) == []


@pytest.mark.parametrize(
    "entry", ["fastapi", "fastapi>=1", "fastapi==1.0", "-e .", "fastapi @ git+https://example.test/x", "--index-url x"]
)
def test_what_is_not_locked_is_found(entry: str) -> None:
    assert len(list(unlocked(entry + "\n"))) == 1


def test_the_lists_agree() -> None:
    versions: dict[str, set[str]] = {}
    for path in LISTS:
        for name, version in re.findall(r"^([a-z0-9.-]+)(?:\[[a-z,]+\])?==([^\s;]+)", path.read_text(), re.MULTILINE):
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("code", "told", "exit_code"),
    [
        (0, "No known vulnerabilities found\n", 0),
        (
            0,
            "No known vulnerabilities found\nfastapi  Dependency not found on PyPI and could not be audited: fastapi (1)\n",
            2,
        ),
        (1, "Found 1 known vulnerability\nName Version ID Fix Versions\n", 1),
        (1, "ConnectionError\n", 2),
    ],
)
def test_an_audit_that_could_not_ask_does_not_pass(code: int, told: str, exit_code: int) -> None:
    assert audit.verdict(code, told)[0] == exit_code
