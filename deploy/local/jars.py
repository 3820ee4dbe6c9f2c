"""Gets the Java servers with Maven, once. Needs nothing but the standard library: it runs beside the making of .venv."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local.places import CACHE
from deploy.local.programs import StartFailed

SERVERS = ("kafka", "s3proxy")
POMS = Path(__file__).resolve().parent


class JarsMissing(StartFailed):
    """The jars of a server are not there, or Maven could not get them."""


def directory(server: str) -> Path:
    """Where the server's jars are. Raises JarsMissing when they are not those of the present pom."""
    place = CACHE / server
    if not is_current(server):
        raise JarsMissing(f"the jars of {server} are not there (or older than its pom.xml): run `make setup`")
    return place


def is_current(server: str) -> bool:
    """Whether exactly what the committed pom asks for has been fetched."""
    stamp = CACHE / server / "pom.sha256"
    return stamp.is_file() and stamp.read_text() == _digest(server)


def fetch(server: str) -> None:
    """Fetch the server's jars unless they are there. Several processes may do it at once: one works, the others wait."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{server}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_current(server):
            return
        fresh = CACHE / f"{server}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        _copy_dependencies(server, fresh)
        (fresh / "pom.sha256").write_text(_digest(server))
        shutil.rmtree(CACHE / server, ignore_errors=True)
        fresh.rename(CACHE / server)


def _copy_dependencies(server: str, target: Path) -> None:
    command = [
        *("mvn", "--quiet", "--batch-mode", "--file", str(POMS / server / "pom.xml")),
        *("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={target}"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        raise JarsMissing("Maven is not installed: apt-get install -y make python3-venv maven") from missing
    if done.returncode != 0:
        raise JarsMissing(f"Maven could not get the jars of {server}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def _digest(server: str) -> str:
    return hashlib.sha256((POMS / server / "pom.xml").read_bytes()).hexdigest()


if __name__ == "__main__":
    try:
        for wanted in sys.argv[1:] or SERVERS:
            fetch(wanted)
    except JarsMissing as problem:
        sys.exit(str(problem))
