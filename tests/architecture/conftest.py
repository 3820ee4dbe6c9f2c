"""The project's tree, read once, and small trees to break the rules in."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from .source import Module, read_tree

ROOT = Path(__file__).parents[2]
Plant = Callable[..., list[Module]]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    """All Python files of the project."""
    return read_tree(ROOT)


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Writes files, path -> content, into an empty tree and reads its Python files."""

    def planted(files: dict[str, str]) -> list[Module]:
        for path, content in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(textwrap.dedent(content))
        return read_tree(tmp_path)

    return planted
