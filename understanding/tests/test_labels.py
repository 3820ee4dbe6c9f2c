"""A second labelling is compared with the first, and a third settles where they differ."""

from pathlib import Path

import pytest

from contracts.types import Kind
from understanding.labels import LabelError, agreements, identity, read_labels, settled
from understanding.messages import Message, parse

TEXT = """## pothole
# 01 hole
@ sms | fault | 0 | - | a
díra v silnici
# 02 lamp
@ sms | fault | 1 | rsd | b
na i/38 díra a nesvítí tam
"""


def messages() -> list[Message]:
    return parse(TEXT, "x.txt")[0]


def written(path: Path, *lines: str) -> Path:
    file = path / "second.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_two_labellings_are_compared_question_by_question(tmp_path: Path) -> None:
    one, other = map(identity, messages())
    second = read_labels(written(tmp_path, f"{one};pothole;fault;0;-", f"{other};streetlight-out;fault;1;rsd"))
    found = {question: (count, equal) for question, count, equal, _ in agreements(messages(), second)}
    assert found == {"category": (2, 0.5), "kind": (2, 1.0), "urgent": (2, 1.0), "body": (2, 1.0)}


def test_what_a_third_reader_says_holds(tmp_path: Path) -> None:
    first, other = messages()
    third = read_labels(written(tmp_path, f"{identity(other)};streetlight-out;complaint;0;-"))
    unchanged, changed = settled([first, other], third)
    assert unchanged == first
    assert (changed.category, changed.kind, changed.urgent, changed.body) == (
        "streetlight-out",
        Kind.COMPLAINT,
        False,
        None,
    )
    assert changed.text == other.text


def test_without_a_second_labelling_there_is_nothing_to_compare(tmp_path: Path) -> None:
    assert list(agreements(messages(), read_labels(tmp_path / "none.csv"))) == []


@pytest.mark.parametrize("line", ["abc;pothole;fault;0", "abc;pothole;faults;0;-", "abc;pothole;fault;x;-"])
def test_a_line_that_cannot_be_read_is_named(line: str, tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"second\.csv:1"):
        read_labels(written(tmp_path, line))
