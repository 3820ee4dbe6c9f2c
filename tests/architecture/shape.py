"""Every service has the same shape, so that who knows one knows the next."""

import ast
import re
import tomllib
from collections.abc import Collection
from pathlib import Path

REQUIRED_MODULES = ("__init__", "__main__", "handlers", "settings", "wiring")
FLAT_MODULES = 14
"""About ten; beyond, a subfolder opens by a domain word."""
LINES, FUNCTION_LINES = 350, 60
"""Files have about 300 lines and functions about 40; beyond these, something wants to be taken apart."""
EMPTY_WORDS = frozenset(
    {"adapters", "common", "core", "domain", "helper", "helpers", "infrastructure", "lib", "libs", "misc", "shared"}
    | {"tool", "tools", "util", "utils"}
)
"""Names that say nothing of what is inside, or name a layer."""


ROOT = frozenset(
    {"contracts", "deploy", "dist", "docs", "kit", "packs", "requirements", "services", "tests", "understanding"}
    | {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md"}
    | {"Dockerfile", "Makefile", "conftest.py", "docker-compose.yml", "pyproject.toml"}
)
"""What stands at the top, hidden names apart: what an experiment leaves there is seen before it is committed."""


def root_faults(root: Path) -> list[str]:
    """What does not belong at the top of the tree."""
    names = {found.name for found in root.iterdir() if not found.name.startswith((".", "__pycache__"))}
    return [f"{name}: does not belong here" for name in sorted(names - ROOT)]


def shape_faults(root: Path) -> list[str]:
    """What is missing or too much in each service's folder."""
    faults = []
    for folder in sorted(_folders(root / "services")):
        package = folder.name.replace("-", "_")
        wanted = {package, "tests", "README.md"}
        names = {found.name for found in folder.iterdir() if not found.name.startswith((".", "__pycache__"))}
        faults += [f"services/{folder.name}: {name} is missing" for name in sorted(wanted - names)]
        faults += [f"services/{folder.name}/{name}: does not belong here" for name in sorted(names - wanted)]
        if package in names:
            faults += _package_faults(folder / package, f"services/{folder.name}/{package}")
        if not list((folder / "tests").rglob("test_*.py")):
            faults.append(f"services/{folder.name}/tests: no test")
    return faults


def _package_faults(package: Path, place: str) -> list[str]:
    modules = {file.stem for file in package.glob("*.py")}
    faults = [f"{place}/{name}.py: is missing" for name in REQUIRED_MODULES if name not in modules]
    if len(modules) > FLAT_MODULES:
        faults.append(f"{place}: {len(modules)} modules; open a subfolder by a domain word")
    for below in _folders(package):
        faults += [f"{place}/{below.name}/{deeper.name}: a second level" for deeper in _folders(below)]
    return faults


def _folders(place: Path) -> list[Path]:
    return [found for found in place.iterdir() if found.is_dir() and not found.name.startswith((".", "__"))]


def name_faults(root: Path) -> list[str]:
    """Python files and folders with empty names."""
    paths = {path.relative_to(root) for path in root.rglob("*.py") if not _hidden(path.relative_to(root))}
    named = {Path(*path.parts[: depth + 1]) for path in paths for depth in range(len(path.parts))}
    return [
        f"{path.as_posix()}: the name says nothing"
        for path in sorted(named)
        if path.stem in EMPTY_WORDS and path.as_posix() != "services"
    ]


def size_faults(root: Path) -> list[str]:
    """Files and functions, tests apart, that want to be taken apart."""
    faults = []
    for file in sorted(root.rglob("*.py")):
        path = file.relative_to(root)
        if _hidden(path) or "tests" in path.parts:
            continue
        text = file.read_text()
        if len(text.splitlines()) > LINES:
            faults.append(f"{path.as_posix()}: {len(text.splitlines())} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    faults.append(f"{path.as_posix()}:{node.lineno}: {node.name} has {lines} lines")
    return faults


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def wiring_faults(root: Path, services_in_contracts: Collection[str]) -> list[str]:
    """Services that the contracts or pyproject.toml name and nobody has, or the other way round."""
    built = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    packages = [path for path in built["targets"]["wheel"]["packages"] if path.startswith("services/")]
    folders = {folder.name for folder in _folders(root / "services")}
    packaged = {match[1] for path in packages if (match := re.fullmatch(r"services/([a-z-]+)/\w+", path))}
    searched = {path.removeprefix("services/") for path in built["dev-mode-dirs"] if path.startswith("services/")}
    faults = [f"pyproject.toml: {name} is not packaged" for name in sorted(folders ^ packaged)]
    faults += [f"pyproject.toml: {name} is not in dev-mode-dirs" for name in sorted(folders ^ searched)]
    faults += [f"contracts/registry.py: {name} has no folder" for name in sorted(set(services_in_contracts) - folders)]
    faults += [f"services/{name}: no topic knows it" for name in sorted(folders - set(services_in_contracts))]
    return faults
