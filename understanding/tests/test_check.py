"""`python -m understanding check`: the messages of the tree are in order, and each fault is found."""

from pathlib import Path

import pytest

from understanding.__main__ import HOME, main

GOOD = "## pothole\n# 01 díra\n@ sms | fault | 0 | - | a\nV Husově ulici před školkou je obrovská díra, auta do ní padají.\n"


def check(home: Path, messages: str, blind: str = "") -> int:
    for name, text in (("messages", messages), ("blind", blind)):
        (home / name).mkdir()
        (home / name / "x.txt").write_text(text, encoding="utf-8")
    return main(["--home", str(home), "check"])


def test_the_messages_of_the_tree_are_in_order() -> None:
    assert main(["--home", str(HOME), "check"]) == 0


def test_good_messages_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, GOOD) == 0
    assert "messages: 1 in 1 scenarios" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("messages", "blind", "said"),
    [
        (GOOD.replace("## pothole", "## potholes"), "", "x.txt:3: there is no category potholes"),
        (GOOD.replace("| - |", "| rds |"), "", "x.txt:3: there is no sort of body rds"),
        (GOOD.replace("auta", "{{lamp|auta}}"), "", "x.txt:3: there is no category lamp"),
        (GOOD + "@ sms | fault | 0 | - | b\ny\n" * 5, "", "pothole-01: 6 messages, 5 at most"),
        (GOOD.replace("| fault |", "| x |"), "", "x.txt:3: "),
        (GOOD, GOOD, "x.txt:3: 1.00 like x.txt:3"),
    ],
)
def test_each_fault_is_told(
    messages: str, blind: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path, messages, blind) == 1
    assert said in capsys.readouterr().err
