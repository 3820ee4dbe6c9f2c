"""What a document says that can be looked up: paths, links, commands, settings, metrics, decisions.

Each function takes a document's text and returns its untrue statements in words.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from kit import metrics

PROJECT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
_PATH = re.compile(r"(?<![\w./:<-])((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|yml|toml|py))(?![\w*{<…-])")
_COMMAND = re.compile(r"python -m ([a-z_.]+)((?: [a-z][a-z-]+(?![\w/.:=]))*)")
# `apt-get install -y make …` is no target.
_MAKE = re.compile(r"(?<!-y )\bmake ([a-z]+)(?![\w-])")
_SETTING = re.compile(r"(?<![\w$-])([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])(?![\w-])")
_METRIC = re.compile(r"\bhelpdesk_[a-z_]+\b")
_DECISION = re.compile(r"[Dd]ecisions? (\d{4})(?:(?:, | and )(\d{4}))*")
# Made by running the system, so not in the tree.
_MADE = (".local/", ".venv/")


def documents() -> list[Path]:
    """Every Markdown file of the tree that people read."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [PROJECT / name for name in listed.stdout.split("\0") if name and (PROJECT / name).exists()]


def broken_links(text: str, place: Path) -> Iterator[str]:
    """Links to files or headings that are not there; `place` is the document."""
    for target in _LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if "://" in target:
            continue
        file, _, heading = target.partition("#")
        found = (place.parent / file).resolve() if file else place
        if not found.exists():
            yield f"link to {target}"
        elif heading and heading not in _headings(text if found == place else found.read_text()):
            yield f"link to heading {target}"


def _headings(text: str) -> set[str]:
    lines = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in lines}


def code(text: str) -> list[str]:
    """Everything that is set as code."""
    return [block or span for block, span in _CODE.findall(text)]


def missing_paths(text: str, place: Path) -> Iterator[str]:
    """Paths of the project that do not exist, seen from its root or from the document's folder."""
    tops = {path.name for path in PROJECT.iterdir()}
    for part in code(text):
        for path in _PATH.findall(part):
            first = path.split("/")[0]
            here = place.parent / path
            known = first in tops or (place.parent / first).exists()
            if known and not path.startswith(_MADE) and not (PROJECT / path).exists() and not here.exists():
                yield f"path {path}"


def unknown_make_targets(text: str) -> Iterator[str]:
    """`make` targets that the Makefile does not have."""
    known = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    for part in code(text):
        yield from (f"make {target}" for target in _MAKE.findall(part) if target not in known)


def unknown_commands(text: str) -> Iterator[str]:
    """`python -m …` with a module or sub-command that does not exist."""
    for part in code(text):
        for module, words in _COMMAND.findall(part):
            if not _is_command(module, words):
                yield f"python -m {module}{words}"


@cache
def _is_command(module: str, words: str) -> bool:
    if module in ("venv", "pip"):
        return True
    command = [sys.executable, "-m", module, *shlex.split(words), "--help"]
    if module.startswith("deploy."):
        # Not all of these have a parser: asking for help would do their work.
        found = PROJECT.joinpath(*module.split("."))
        if not found.is_dir():
            return found.with_suffix(".py").exists()
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 0


def unknown_settings(text: str) -> Iterator[str]:
    """Names like settings that occur nowhere in the code."""
    known = _words_of_the_code()
    for part in code(text):
        yield from (f"setting {name}" for name in _SETTING.findall(part) if name not in known)


@cache
def _words_of_the_code() -> frozenset[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    kinds = (".py", "Makefile", "Dockerfile", ".yml", ".ci/run")
    # The tests beside this file name what does not exist.
    names = [name for name in listed if name.endswith(kinds) and not name.startswith("tests/documents/")]
    text = "\n".join((PROJECT / name).read_text() for name in names if (PROJECT / name).exists())
    # A setting is a field's name in lower case.
    return frozenset(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text.upper()))


def unknown_metrics(text: str) -> Iterator[str]:
    """Metrics that kit/metrics.py does not have; `helpdesk_intake_*` stands for several. Databases are named alike."""
    known = {
        f"{name}{suffix}"
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
        for name in [next(iter(metric.describe())).name]
        for suffix in ("", "_total", "_bucket", "_count", "_sum")
    }
    databases = {f"helpdesk_{path.name}" for path in (PROJECT / "services").iterdir()}
    for name in _METRIC.findall(text):
        several = name.endswith("_") and any(metric.startswith(name) for metric in known)
        if not several and name not in known | databases:
            yield f"metric {name}"


def unknown_decisions(text: str) -> Iterator[str]:
    """Numbers of decisions that were never made."""
    known = {path.name[:4] for path in (PROJECT / "docs/decisions").glob("0*.md")}
    for match in _DECISION.finditer(text):
        for number in re.findall(r"\d{4}", match.group()):
            if number not in known:
                yield f"decision {number}"
