"""The log of runs on the blind test: whoever looks at it often enough learns it by heart, so there are at most ten."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

MOST_RUNS = 10
_FILE = "runs.jsonl"


class SpentError(Exception):
    """The blind test was run so often that it says nothing new."""


def check_left(blind: Path) -> int:
    """How many runs are left. Raises SpentError where none is."""
    file = blind / _FILE
    left = MOST_RUNS - (len(file.read_text(encoding="utf-8").splitlines()) if file.exists() else 0)
    if left <= 0:
        raise SpentError(f"the blind test was run {MOST_RUNS} times: write another one")
    return left


def log(blind: Path, at: datetime, model: str, figures: Mapping[str, str]) -> None:
    """Adds a run. `model`: its SHA-256. The digest of the test's texts tells whether it was the same test."""
    run = {"at": at.isoformat(timespec="seconds"), "model": model, "test": digest(blind), "figures": dict(figures)}
    with (blind / _FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(run, ensure_ascii=False) + "\n")


def digest(blind: Path) -> str:
    """SHA-256 of the test's files, in the order of their names."""
    whole = hashlib.sha256()
    for path in sorted(blind.glob("*.txt")):
        whole.update(path.read_bytes())
    return whole.hexdigest()
