"""What an operator does from a shell."""

import os
import subprocess
import sys

from deploy.local.system import LocalSystem


def operator(system: LocalSystem, *command: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """A command with the system's environment; `given` stands on its standard input."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        env={**os.environ, **system.environment},
        input=given,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
