"""What the services themselves do after a restore: each knows how to send again what of its own was on the road."""

import importlib.util
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

Tell = Callable[[str], None]


def steps(since: datetime) -> list[list[tuple[str, ...]]]:
    """Commands in order; of two in one step the first is piped into the second. All may be repeated."""
    moment, day = since.isoformat(), (since - timedelta(days=1)).date().isoformat()
    return [
        [("tickets", "prepare")],
        [("tickets", "republish", "--since", moment)],
        [("notifier", "deliveries", "retell", "--since", moment)],
        [("tickets", "ledger", "--missing", "--at-once", "--since", day), ("intake_email", "repair", "-")],
        [("tickets", "verify")],
    ]


def resume(since: datetime, tell: Tell) -> bool:
    """Runs them; False where one failed. What is not installed here (an image holds one service) is named, to be run there."""
    elsewhere, whole = [], True
    for step in steps(since):
        line = " | ".join(f"python -m {shlex.join(command)}" for command in step)
        if all(importlib.util.find_spec(command[0]) for command in step):
            tell(f"  {line}")
            whole = _run(step) and whole
        else:
            elsewhere.append(line)
    for line in elsewhere:
        tell(f"run where that service is, before it starts: {line}")
    return whole


def _run(step: Sequence[tuple[str, ...]]) -> bool:
    first, *second = [[sys.executable, "-m", *command] for command in step]
    if not second:
        return subprocess.run(first, check=False).returncode == 0
    # Its exit code only says that something is missing, which is what it is asked for.
    found = subprocess.run(first, check=False, stdout=subprocess.PIPE)
    return subprocess.run(second[0], check=False, input=found.stdout).returncode == 0
