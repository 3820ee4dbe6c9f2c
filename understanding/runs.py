"""The log of runs on the blind test: whoever looks at it often enough learns it by heart, so there are at most ten."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

MOST_RUNS = 10
_FILE = "runs.jsonl"


class SpentError(Exception):
    """The blind test was run so often that it says nothing new."""


def check_left(blind: Path) -> int:
    """How many runs are left. Raises SpentError where none is."""
    left = MOST_RUNS - taken(blind)
    if left <= 0:
        raise SpentError(f"the blind test was run {MOST_RUNS} times: write another one")
    return left


def log(blind: Path, at: datetime, model: str, figures: Mapping[str, str]) -> None:
    """Adds a run, unless it tells what is known: the same model, test and figures. Rules and places decide too, so that a model whose
    figures changed was looked at once more. `model`: its SHA-256.
    """
    told = {"model": model, "test": digest(blind), "figures": dict(figures)}
    if any(told == {name: run[name] for name in told} for run in _runs(blind)):
        return
    run = {"at": at.isoformat(timespec="seconds"), **told}
    with (blind / _FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(run, ensure_ascii=False) + "\n")


def taken(blind: Path) -> int:
    """How many runs there were."""
    return len(_runs(blind))


def _runs(blind: Path) -> list[dict[str, Any]]:
    file = blind / _FILE
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def digest(blind: Path) -> str:
    """SHA-256 of the test's files, in the order of their names."""
    whole = hashlib.sha256()
    for path in sorted(blind.glob("*.txt")):
        whole.update(path.read_bytes())
    return whole.hexdigest()
