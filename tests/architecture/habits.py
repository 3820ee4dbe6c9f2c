"""Habits of tests that make them slow or unable to fail."""

import ast
from collections.abc import Iterator

from .source import Module


def habit_faults(modules: list[Module]) -> list[str]:
    """Sleeps that wait for nothing, and assertions that cannot fail: `path:line: what`."""
    return [
        f"{module.path}:{line}: {what}" for module in modules if module.is_test for line, what in _faults(module.tree)
    ]


def _faults(tree: ast.Module) -> Iterator[tuple[int, str]]:
    waiting = {id(node) for loop in ast.walk(tree) if isinstance(loop, ast.While) for node in ast.walk(loop)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _sleeps(node) and id(node) not in waiting:
            yield node.lineno, "sleeps instead of waiting for a condition with a deadline"
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant | ast.Tuple | ast.JoinedStr):
            yield node.lineno, "an assertion that cannot fail"


def _sleeps(call: ast.Call) -> bool:
    named = ast.unparse(call.func) in ("time.sleep", "asyncio.sleep", "sleep", "anyio.sleep")
    # sleep(0) only lets others go first.
    return named and not (call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0)
