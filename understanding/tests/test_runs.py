"""Each run on the blind test is written down, and there are at most ten."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from understanding import runs
from understanding.__main__ import HOME, main

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)


def test_a_run_is_written_down_with_its_model_and_its_test(tmp_path: Path) -> None:
    (tmp_path / "01.txt").write_text("a", encoding="utf-8")
    assert runs.check_left(tmp_path) == 10
    runs.log(tmp_path, NOW, "f" * 64, {"category, first guess": "0.5"})
    (line,) = (tmp_path / "runs.jsonl").read_text(encoding="utf-8").splitlines()
    run = json.loads(line)
    assert (run["at"], run["model"]) == ("2026-12-01T08:00:00+00:00", "f" * 64)
    assert run["test"] == runs.digest(tmp_path)
    assert (runs.check_left(tmp_path), runs.taken(tmp_path)) == (9, 1)


def test_the_same_model_on_the_same_test_with_the_same_figures_tells_nothing_new(tmp_path: Path) -> None:
    for _ in range(3):
        runs.log(tmp_path, NOW, "f" * 64, {})
    assert runs.taken(tmp_path) == 1
    (tmp_path / "01.txt").write_text("another test", encoding="utf-8")
    runs.log(tmp_path, NOW, "f" * 64, {})
    assert runs.taken(tmp_path) == 2


def test_a_model_whose_figures_changed_with_the_rules_was_run_again(tmp_path: Path) -> None:
    for figure in ("0.5", "0.6", "0.6"):
        runs.log(tmp_path, NOW, "f" * 64, {"category, first guess": figure})
    assert runs.taken(tmp_path) == 2


def test_another_text_is_another_test(tmp_path: Path) -> None:
    (tmp_path / "01.txt").write_text("a", encoding="utf-8")
    before = runs.digest(tmp_path)
    (tmp_path / "01.txt").write_text("b", encoding="utf-8")
    assert runs.digest(tmp_path) != before


def test_an_eleventh_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "blind").mkdir()
    for number in range(10):
        runs.log(tmp_path / "blind", NOW, f"{number:064}", {})
    with pytest.raises(runs.SpentError):
        runs.check_left(tmp_path / "blind")
    assert main(["--home", str(tmp_path), "measure"]) == 1
    assert "10 times" in capsys.readouterr().err


def test_the_log_of_the_tree_has_not_more_than_ten() -> None:
    log = HOME / "blind" / "runs.jsonl"
    assert not log.exists() or len(log.read_text(encoding="utf-8").splitlines()) <= runs.MOST_RUNS
