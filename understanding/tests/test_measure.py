"""Shares, their intervals, the calibration and the threshold; the lexicon's reader."""

from pathlib import Path

import pytest

from understanding.lexicon import LexiconError, read_lexicon
from understanding.measure import Share, threshold


def test_an_interval_is_wilsons() -> None:
    low, high = Share(90, 100).interval
    assert low == pytest.approx(0.8256, abs=1e-3)
    assert high == pytest.approx(0.9448, abs=1e-3)


def test_nothing_measured_says_nothing() -> None:
    assert Share(0, 0).interval == (0.0, 1.0)


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        ([(0.9, True), (0.8, True), (0.7, False)], (0.8, 2 / 3)),
        ([(0.9, False), (0.8, True)], (1.0, 0.0)),
        ([], (1.0, 0.0)),
        ([(0.9, True)] * 40 + [(0.5, False), (0.4, True)], (0.4, 1.0)),
    ],
)
def test_the_threshold_lets_through_as_much_as_stays_right(
    judged: list[tuple[float, bool]], expected: tuple[float, float]
) -> None:
    assert threshold(judged) == expected


def test_the_lexicon_is_read_with_its_sorts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("## pothole\nobject: dir, der\ndefect: propad\n", encoding="utf-8")
    assert read_lexicon(tmp_path) == [
        ("pothole.defect", "propad"),
        ("pothole.object", "der"),
        ("pothole.object", "dir"),
    ]


@pytest.mark.parametrize("line", ["dir, der", "things: dir"])
def test_a_line_that_cannot_be_read_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"## pothole\n{line}\n", encoding="utf-8")
    with pytest.raises(LexiconError, match=r"a\.txt:2"):
        read_lexicon(tmp_path)
