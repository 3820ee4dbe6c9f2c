"""The project's Python files as the rules see them: module names, syntax trees, imports with their lines."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Import:
    """One imported module or name: `from kit.producer import NotConfirmed` is ("kit.producer", "NotConfirmed")."""

    module: str
    name: str | None
    line: int
    only_for_types: bool

    @property
    def top(self) -> str:
        """The first part of the module's name."""
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Module:
    """One file. `package` is the top-level package, `None` for tests and scripts."""

    path: str
    name: str
    package: str | None
    tree: ast.Module

    @property
    def is_test(self) -> bool:
        """Whether the file stands in a folder of tests."""
        return "tests" in Path(self.path).parts

    @property
    def within(self) -> str:
        """The name below the package: `sending.relay` of `notifier.sending.relay`."""
        return self.name.partition(".")[2] or "__init__"

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """All imports, also those inside functions."""
        typed = {id(node) for block in ast.walk(self.tree) if _is_type_checking(block) for node in ast.walk(block)}
        return tuple(found for node in ast.walk(self.tree) for found in self._imported(node, id(node) in typed))

    def _imported(self, node: ast.AST, typed: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, None, node.lineno, typed)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Import(self._absolute(node), alias.name, node.lineno, typed)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        above = parts[: len(parts) - node.level + (1 if self.path.endswith("__init__.py") else 0)]
        return ".".join([*above, node.module or ""]).strip(".")


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).rpartition(".")[2] == "TYPE_CHECKING"


def read_tree(root: Path) -> list[Module]:
    """All Python files below `root`, but for hidden folders."""
    files = sorted(file for file in root.rglob("*.py") if not _is_hidden(file.relative_to(root)))
    return [_read(root, file) for file in files]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _read(root: Path, file: Path) -> Module:
    path = file.relative_to(root)
    # A service's package lies below its folder, the others below the root.
    parts = path.parts[2:] if path.parts[0] == "services" else path.parts
    package = None if "tests" in path.parts or len(parts) == 1 else parts[0]
    name = ".".join(parts).removesuffix(".py").removesuffix(".__init__")
    return Module(path.as_posix(), name, package, ast.parse(file.read_text(), filename=path.as_posix()))


def service_packages(modules: list[Module]) -> dict[str, str]:
    """Packages of the services with their folders: {"intake_email": "intake-email"}."""
    return {
        module.package: Path(module.path).parts[1]
        for module in modules
        if module.package is not None and module.path.startswith("services/")
    }
