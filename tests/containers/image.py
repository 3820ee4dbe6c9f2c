"""The image of a service as the Dockerfile makes it, by hand: its COPY lines, .dockerignore and the locked requirements."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.metadata import PackagePath, distribution
from pathlib import Path, PurePosixPath

PROJECT = Path(__file__).resolve().parents[2]
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)


@dataclass(frozen=True)
class Stage:
    """One FROM of a Dockerfile. `steps` are its instructions with continued lines joined: `("COPY", "kit /app/kit")`."""

    name: str
    base: str
    steps: tuple[tuple[str, str], ...]

    def last(self, instruction: str) -> str | None:
        """What the stage finally says with an instruction that replaces an earlier one."""
        return next((words for name, words in reversed(self.steps) if name == instruction), None)


def read_stages(dockerfile: str) -> dict[str, Stage]:
    """The stages by name, in order. Every stage must have a name; raises ValueError."""
    lines = [line for line in dockerfile.splitlines() if line.strip() and not line.startswith("#")]
    stages: dict[str, Stage] = {}
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        instruction, _, words = line.strip().partition(" ")
        if instruction == "FROM":
            base, _, name = words.partition(" AS ")
            if not name:
                raise ValueError(f"a stage without a name: {line}")
            stages[name] = Stage(name, base, ())
        elif stages:
            name = next(reversed(stages))
            stages[name] = Stage(name, stages[name].base, (*stages[name].steps, (instruction, words.strip())))
    return stages


def is_sent(path: PurePosixPath, ignore: list[str]) -> bool:
    """Whether .dockerignore lets a file into the build: the last line that matches it, or a folder of it, decides."""
    sent = True
    for line in ignore:
        pattern = line.removeprefix("!")
        if any(_matches(place, pattern) for place in (path, *path.parents)):
            sent = line.startswith("!")
    return sent


def _matches(path: PurePosixPath, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatchcase(path.name, pattern.removeprefix("**/"))
    return len(path.parts) == len(PurePosixPath(pattern).parts) and fnmatchcase(str(path), pattern)


def build(stage: Stage, service: str, target: Path) -> None:
    """Does what the stage's COPY lines say (those from the project), below `target` instead of `/`."""
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    ignore = [line for line in lines if line and not line.startswith("#")]
    for instruction, words in stage.steps:
        if instruction == "COPY" and not words.startswith("--from="):
            *sources, place = words.replace("${SERVICE}", service).split()
            copied = [path for source in sources for path in _copy(source, target / place.lstrip("/"), ignore, place)]
            assert copied, f"COPY {words}: .dockerignore leaves nothing of it"


def _copy(source: str, place: Path, ignore: list[str], written: str) -> Iterator[Path]:
    for top in sorted(PROJECT.glob(source)):
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and is_sent(PurePosixPath(path.relative_to(PROJECT)), ignore):
                to_folder = written.endswith("/") or not top.is_file()
                copy = place / (path.relative_to(top) if top.is_dir() else path.name) if to_folder else place
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
                yield copy


def requirements(service: str) -> list[str]:
    """The names in a service's locked requirements."""
    return _REQUIREMENT.findall((PROJECT / "requirements" / f"{service}.txt").read_text())


def link_requirements(service: str, target: Path) -> None:
    """A folder to import from that holds the service's locked requirements and nothing else of this environment."""
    target.mkdir()
    for name in requirements(service):
        found = distribution(name)
        for top in sorted({file.parts[0] for file in found.files or [] if _is_code(file)}):
            link = target / top
            # Two distributions may share a namespace package.
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(top))))


def _is_code(file: PackagePath) -> bool:
    return file.parts[0] not in ("..", "__pycache__")


def python_in(image: Path, service: str) -> tuple[list[str], dict[str, str]]:
    """A Python that sees only the image: its start, without this environment's packages, and its environment."""
    path = (image / "app", image / "app/services" / service, image / "packages")
    return [sys.executable, "-S", "-B"], {"PYTHONPATH": ":".join(map(str, path)), "PATH": "/usr/bin:/bin"}
