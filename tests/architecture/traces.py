"""What must not stand in any file: places of one machine, hosts of package registries, addresses of real people."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

# The patterns are written so that they do not match themselves.
TRACES = {
    "a place of one machine": re.compile(r"(?<![\w.:/<$}~-])/(?:work|farm|root|home|Users)/[\w.-]"),
    "a host of a package registry": re.compile(
        r"(?:pypi|pythonhosted|npmjs|rubygems|crates|proxy\.golang)\.(?:org|io|com)|repo1?\.maven\.[a-z]+|/artifac(?:tory)/"
    ),
    "an address outside the test domains": re.compile(
        r"[\w.+-]+@(?![\w.-]*\b(?:test|example|invalid|localhost)\b)(?:[a-z0-9-]+\.)+(?:cz|sk|com|net|org|eu|de|at|pl|info|gov)\b"
    ),
}


def trace_faults(root: Path, files: Iterable[Path]) -> list[str]:
    """`path:line: what` for each trace; files that are not text are passed over."""
    faults = []
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        for number, line in enumerate(lines, start=1):
            for what, pattern in TRACES.items():
                if pattern.search(line):
                    faults.append(f"{file.relative_to(root).as_posix()}:{number}: {what}")
    return faults


def files_of(root: Path) -> list[Path]:
    """The tree's files as git sees them: tracked or to be tracked, without what is ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return [root / name for name in listed.stdout.split("\0") if name]
