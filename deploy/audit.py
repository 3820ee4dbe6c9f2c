"""`make audit`: asks pip-audit about every locked version, and says so when it could not ask about all of them."""

import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
_UNASKED = "could not be audited"


def verdict(code: int, told: str) -> tuple[int, str]:
    """Exit code and sentence for what pip-audit said: 0 only where all versions were asked about and none has a known fault."""
    if _UNASKED in told:
        return 2, f"NOT AUDITED: {told.count(_UNASKED)} libraries could not be asked about; nothing is proved."
    if code == 0 and "No known vulnerabilities found" in told:
        return 0, "All locked versions were asked about; no fault is known."
    if "Fix Versions" in told:
        return 1, "There are known faults, see above: docs/security.md says how soon they are mended."
    return 2, "NOT AUDITED: the list of known faults could not be reached; nothing is proved."


def audit(lists: Iterable[Path]) -> int:
    """Runs pip-audit in an environment that is thrown away; the worst exit code."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "bin/python"))
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pip-audit"]
        if subprocess.run(install, check=False).returncode != 0:
            print("NOT AUDITED: pip-audit could not be installed; nothing is proved.", file=sys.stderr)
            return 2
        worst = 0
        for path in lists:
            command = [
                python,
                "-m",
                "pip_audit",
                "--disable-pip",
                "--require-hashes",
                "--progress-spinner",
                "off",
                "-r",
                str(path),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            code, sentence = verdict(done.returncode, done.stdout + done.stderr)
            if code:
                print(done.stdout + done.stderr)
            print(f"{path.name}: {sentence}")
            worst = max(worst, code)
        return worst


if __name__ == "__main__":
    sys.exit(audit(sorted((PROJECT / "requirements").glob("*.txt"))))
