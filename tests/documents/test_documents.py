"""Documents do not lie: what they name exists, what is generated is fresh."""

import re
import tomllib
from pathlib import Path

import pytest

from deploy import documents as generated

from . import statements
from .statements import PROJECT

DOCUMENTS = statements.documents()
README = PROJECT / "README.md"
DECISIONS = PROJECT / "docs/decisions"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_document_names_only_what_exists(path: Path) -> None:
    text = path.read_text()
    faults = [
        *statements.broken_links(text, path),
        *statements.missing_paths(text, path),
        *statements.unknown_make_targets(text),
        *statements.unknown_commands(text),
        *statements.unknown_settings(text),
        *statements.unknown_metrics(text),
        *statements.unknown_decisions(text),
    ]
    assert faults == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[here](nowhere.md)", "link to nowhere.md"),
        ("[here](#nothing)\n# Something", "link to heading #nothing"),
        ("`kit/consumers.py`", "path kit/consumers.py"),
        ("`docs/nothing.md`", "path docs/nothing.md"),
        ("`make coffee`", "make coffee"),
        ("```\n$ make fast\n```", "make fast"),
        ("`python -m kit letters list`", "python -m kit letters list"),
        ("`python -m kits`", "python -m kits"),
        ("`python -m deploy.nothing`", "python -m deploy.nothing"),
        ("`KAFKA_BOOTSRAP`", "setting KAFKA_BOOTSRAP"),
        ("`helpdesk_nothing_total`", "metric helpdesk_nothing_total"),
        ("see decision 0999", "decision 0999"),
        ("decisions 0001 and 0998", "decision 0998"),
    ],
)
def test_an_untrue_statement_is_found(text: str, fault: str) -> None:
    place = README
    found = [
        *statements.broken_links(text, place),
        *statements.missing_paths(text, place),
        *statements.unknown_make_targets(text),
        *statements.unknown_commands(text),
        *statements.unknown_settings(text),
        *statements.unknown_metrics(text),
        *statements.unknown_decisions(text),
    ]
    assert found == [fault]


@pytest.mark.parametrize(
    "text",
    [
        "`kit/consumer.py`, `docs/`, `services/tickets/tickets/cases/lifecycle.py`",
        "`make run`, `SMTP_RELAY=host:port make up`",
        "`python -m kit dead-letters list`, `python -m kit topics create contracts.registry:TOPICS`",
        "`python -m tickets pack load packs/lipovany`, `python -m packs check PATH`, `python -m SERVICE`",
        "`services/…/rules.py`, `<topic>.<reader>.dead`, `.local/mail/`, `municipality/day/report-id/`",
    ],
)
def test_a_true_statement_is_left_alone(text: str) -> None:
    assert [
        *statements.missing_paths(text, README),
        *statements.unknown_make_targets(text),
        *statements.unknown_commands(text),
        *statements.unknown_settings(text),
    ] == []


def test_the_code_refers_only_to_decisions_that_were_made() -> None:
    folders = ("contracts", "kit", "packs", "deploy", "services", "tests")
    sources = [
        path for folder in folders for path in (PROJECT / folder).rglob("*.py") if path.parent.name != "documents"
    ]
    faults = [
        f"{path.relative_to(PROJECT)}: {fault}"
        for path in sources
        for fault in statements.unknown_decisions(path.read_text())
    ]
    assert faults == []


@pytest.mark.parametrize("name", generated.PAGES)
def test_a_generated_page_is_fresh(name: str) -> None:
    written = (generated.DOCUMENTS / name).read_text()
    assert written == generated.PAGES[name](), "stale: run `python -m deploy.documents`"


def test_the_list_of_decisions_has_each_with_its_own_title() -> None:
    listed = re.findall(r"^\| \[(\d{4})\]\((.+?)\) \| (.+?) \|$", (DECISIONS / "README.md").read_text(), re.MULTILINE)
    titles = [
        (path.name[:4], path.name, path.read_text().splitlines()[0][7:]) for path in sorted(DECISIONS.glob("0*.md"))
    ]
    assert listed == titles


def test_every_library_has_its_line() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    groups = [*project["dependency-groups"].items(), ("base", project["project"]["dependencies"])]
    wanted = {
        re.split(r"[=<>]", name)[0]
        for group, names in groups
        if group != "build"
        for name in names
        if isinstance(name, str) and not name.startswith("types-") and not name.startswith("pytest-")
    }
    page = (DECISIONS / "0009-libraries.md").read_text()
    assert [name for name in sorted(wanted) if name not in page] == []


def test_the_readme_names_the_line_that_the_commands_run_themselves() -> None:
    packages = re.search(r"^PACKAGES := (.+)$", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    assert packages is not None
    assert f"apt-get install -y {packages[1]}" in README.read_text()


def test_every_page_is_linked_from_the_readme_or_the_first_page() -> None:
    first = README.read_text() + (PROJECT / "docs/begin-here.md").read_text()
    pages = [path.name for path in (PROJECT / "docs").glob("*.md") if path.name != "begin-here.md"]
    assert [page for page in pages if page not in first] == []


def test_the_readme_and_the_first_page_are_a_page_each() -> None:
    for path in (README, PROJECT / "docs/begin-here.md"):
        assert len(path.read_text().splitlines()) <= 100, path.name
