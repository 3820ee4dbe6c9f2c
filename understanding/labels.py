"""The blind test's second, independent labels, and the third that settles where the two differ. Pure but for reading the files.

A line of `blind/second.csv` and `blind/third.csv` is `id;category;kind;urgent;body`; the id is the beginning of the SHA-256 of subject and
text, so that a labeller sees nothing of the first labels.
"""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from contracts.types import Kind
from understanding.agreement import agreement
from understanding.messages import Message

SECOND, THIRD = "second.csv", "third.csv"
QUESTIONS = ("category", "kind", "urgent", "body")
_NONE = "-"


class LabelError(Exception):
    """A line that cannot be read: file, line, reason."""


@dataclass(frozen=True)
class Label:
    """What one reader says of a message."""

    category: str
    kind: Kind
    urgent: bool
    body: str | None


def identity(message: Message) -> str:
    """Eight signs that name a message without telling anything of it."""
    return hashlib.sha256(f"{message.subject}\n{message.text}".encode()).hexdigest()[:8]


def read_labels(path: Path) -> dict[str, Label]:
    """Labels by message; none where the file is not there. Raises LabelError."""
    if not path.exists():
        return {}
    found = dict[str, Label]()
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file, delimiter=";"), 1):
            try:
                name, category, kind, urgent, body = row
                found[name] = Label(category, Kind(kind), bool(int(urgent)), None if body == _NONE else body)
            except ValueError as error:
                raise LabelError(f"{path.name}:{number}: {error}") from error
    return found


def settled(messages: Sequence[Message], third: Mapping[str, Label]) -> list[Message]:
    """The messages with what the third reader said, where he was asked."""
    return [
        replace(message, **vars(label)) if (label := third.get(identity(message))) is not None else message
        for message in messages
    ]


def agreements(messages: Sequence[Message], second: Mapping[str, Label]) -> Iterator[tuple[str, int, float, float]]:
    """For each question how many have both labels, the share of equal ones, and Cohen's kappa."""
    both = [(message, second[identity(message)]) for message in messages if identity(message) in second]
    for question in QUESTIONS if both else ():
        first, other = ([str(getattr(pair[side], question)) for pair in both] for side in (0, 1))
        yield question, len(both), *agreement(first, other)
