"""Messages that were written for this project, with what a person says of each. Pure but for reading the files.

One file holds many: written by hand and read by people, so in a form that both can stand (README.md).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contracts.types import Channel, Kind

LARGEST_SCENARIO = 5
_CATEGORY = re.compile(r"^## ([a-z0-9-]+)$")
_SCENARIO = re.compile(r"^# ([0-9]{2,4}) (\S.*)$")
_FIELDS = 5
_NONE = "-"
_PLACE = re.compile(r"\[\[(.+?)\]\]", re.DOTALL)
_OTHER = re.compile(r"\{\{([a-z0-9-]+)\|(.+?)\}\}", re.DOTALL)
_MARKS = re.compile(r"\[\[|\]\]|\{\{|\}\}")


@dataclass(frozen=True)
class Fault:
    """A line that cannot be read as it is."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(frozen=True)
class Other:
    """Another matter of the same message, and its sentences."""

    category: str
    span: str


@dataclass(frozen=True)
class Message:
    """One message and what is right about it. `body` is the sort of outside body, None where it stays with the town."""

    scenario: str
    category: str
    channel: Channel
    kind: Kind
    urgent: bool
    body: str | None
    voice: str
    subject: str
    text: str
    place: str | None
    also: tuple[Other, ...]
    file: str
    line: int


@dataclass
class _Draft:
    """A message whose lines are still being collected."""

    category: str
    scenario: str
    header: Sequence[str]
    line: int
    lines: list[str] = field(default_factory=list)


def read(folder: Path) -> tuple[list[Message], list[Fault]]:
    """All messages of a folder's .txt files, in order, and what cannot be read."""
    messages, faults = list[Message](), list[Fault]()
    for path in sorted(folder.glob("*.txt")):
        found, wrong = parse(path.read_text(encoding="utf-8"), path.name)
        messages += found
        faults += wrong
    return messages, faults


def parse(text: str, file: str) -> tuple[list[Message], list[Fault]]:
    """The messages of one file."""
    messages, faults = list[Message](), list[Fault]()
    for draft in _drafts(text, file, faults):
        try:
            messages.append(_message(draft, file))
        except ValueError as error:
            faults.append(Fault(file, draft.line, str(error)))
    return messages, faults


def _drafts(text: str, file: str, faults: list[Fault]) -> Iterator[_Draft]:
    category = scenario = ""
    draft: _Draft | None = None
    for number, line in enumerate(text.splitlines(), 1):
        heading, told = _CATEGORY.match(line), _SCENARIO.match(line)
        if not (heading or told or line.startswith("@ ")):
            if draft is not None:
                draft.lines.append(line)
            elif line.strip():
                faults.append(Fault(file, number, "stands before the first message"))
            continue
        if draft is not None:
            yield draft
        draft = None
        if heading:
            category, scenario = heading[1], ""
        elif told:
            scenario = told[1]
        elif not (category and scenario):
            faults.append(Fault(file, number, "a message needs `## category` and `# NN scenario` above it"))
        else:
            header = [piece.strip() for piece in line[2:].split("|")]
            draft = _Draft(category, f"{category}-{scenario}", header, number)
    if draft is not None:
        yield draft


def _message(draft: _Draft, file: str) -> Message:
    """Raises ValueError with what is wrong."""
    if len(draft.header) != _FIELDS:
        raise ValueError("write `@ channel | kind | urgent 0 or 1 | body or - | voice`")
    channel, kind, urgent, body, voice = draft.header
    if urgent not in ("0", "1"):
        raise ValueError("urgent is 0 or 1")
    lines = draft.lines
    marked_subject = lines[0].removeprefix("S: ") if lines and lines[0].startswith("S: ") else ""
    marked_text = "\n".join(lines[1:] if marked_subject else lines).strip()
    places = _PLACE.findall(f"{marked_subject}\n{marked_text}")
    if len(places) > 1:
        raise ValueError("mark one place, the main one")
    subject, text = (_plain(part) for part in (marked_subject, marked_text))
    if _MARKS.search(subject + text):
        raise ValueError("a mark is not closed, or within another")
    also = tuple(Other(match[1], _PLACE.sub(r"\1", match[2])) for match in _OTHER.finditer(marked_text))
    return Message(
        draft.scenario, draft.category, Channel(channel), Kind(kind), urgent == "1", None if body == _NONE else body,
        voice, subject, text, places[0] if places else None, also, file, draft.line,
    )  # fmt: skip


def _plain(marked: str) -> str:
    return _PLACE.sub(r"\1", _OTHER.sub(r"\2", marked))
