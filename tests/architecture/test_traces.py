"""No file holds a place of one machine, a registry's host or a real address."""

from pathlib import Path

import pytest

from .traces import files_of, trace_faults


def test_no_file_holds_a_trace(root: Path) -> None:
    files = files_of(root)
    assert root / "pyproject.toml" in files
    assert trace_faults(root, files) == []


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("see " + "/".join(("", "work", "main")), "a place of one machine"),
        ('path = "' + "/".join(("", "home", "clerk", "helpdesk")) + '"', "a place of one machine"),
        ("index = https://" + ".".join(("pypi", "org")) + "/simple", "a host of a package registry"),
        ("<url>https://" + ".".join(("repo", "maven", "apache", "org")) + "</url>", "a host of a package registry"),
        ("resolved https://" + ".".join(("registry", "npmjs", "org")), "a host of a package registry"),
        ("e-mail: starosta" + "@" + "mesto.cz", "an address outside the test domains"),
    ],
)
def test_a_trace_is_found(tmp_path: Path, line: str, what: str) -> None:
    (tmp_path / "notes.md").write_text(f"# Notes\n\n{line}\n")
    assert trace_faults(tmp_path, [tmp_path / "notes.md"]) == [f"notes.md:3: {what}"]


@pytest.mark.parametrize(
    "line",
    [
        "obcan@example.test and podatelna@lipovany.test",
        "a relative path: services/work/home.py",
        "http://127.0.0.1:8010/api/v1/work/orders",
        "http://maven.apache.org/POM/4.0.0",
        "python -m contracts check",
        "@dataclass",
    ],
)
def test_what_is_no_trace_is_not_found(tmp_path: Path, line: str) -> None:
    (tmp_path / "notes.md").write_text(line)
    assert trace_faults(tmp_path, [tmp_path / "notes.md"]) == []


def test_a_file_that_is_not_text_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    assert trace_faults(tmp_path, [tmp_path / "photo.jpg", tmp_path / "gone.md"]) == []
