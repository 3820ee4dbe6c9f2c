"""Reads the lexicon: how people name the matters of a town. Pure but for reading the files.

A file has `## category` and below it lines `sort: entry, entry`; the sorts are those of SORTS, entries are phrases as
packs/phrases.py reads them.
"""

from collections.abc import Iterator
from pathlib import Path

SORTS = ("object", "defect", "act", "foreign")


class LexiconError(Exception):
    """A line that cannot be read: file, line, reason."""


def read_lexicon(folder: Path) -> list[tuple[str, str]]:
    """Pairs of a list's name, `streetlight-out.object`, and a phrase; sorted, each once."""
    return sorted({entry for path in sorted(folder.glob("*.txt")) for entry in _entries(path)})


def _entries(path: Path) -> Iterator[tuple[str, str]]:
    category = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        sort, colon, phrases = line.partition(":")
        if line.startswith("## "):
            category = line.removeprefix("## ").strip()
        elif category and colon and sort in SORTS:
            yield from ((f"{category}.{sort}", phrase.strip()) for phrase in phrases.split(",") if phrase.strip())
        elif line.strip():
            raise LexiconError(f"{path.name}:{number}: write `## category`, or one of {', '.join(SORTS)} and a colon")
