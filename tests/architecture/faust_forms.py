"""The forms of faust that lost messages when measured, found in the code (decision 0005).

Each of these lost acknowledged messages: `take()`, `noack()`, `concurrency` above 1, a send that is not awaited twice (the first
await only queues), typed decoding outside the guarded part, and an agent that raises. So faust is used in one place only.
"""

import ast
from collections.abc import Iterator

from .source import Module

THE_ONE_PLACE = "kit/faust_worker.py"
SENDS = frozenset({"send", "send_soon", "cast", "ask", "ask_nowait", "forward"})
LOSSY_CALLS = {"take": "take() loses whole batches", "take_with_timestamp": "take() loses whole batches"}
LOSSY_CALLS |= {"noack": "noack() loses what it should keep", "noack_take": "noack() loses what it should keep"}


def forms_faults(modules: list[Module]) -> list[str]:
    """Forbidden forms in all code but tests: `path:line: what`."""
    faults = []
    for module in modules:
        if module.is_test or not any(imported.top == "faust" for imported in module.imports):
            continue
        if module.path != THE_ONE_PLACE:
            lines = [imported.line for imported in module.imports if imported.top == "faust"]
            faults.append(f"{module.path}:{lines[0]}: faust is used in {THE_ONE_PLACE} only")
        faults += [f"{module.path}:{line}: {what}" for line, what in _faults(module.tree)]
    return faults


def _faults(tree: ast.Module) -> Iterator[tuple[int, str]]:
    confirmed = {id(call) for call in _awaited_twice(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFor) and _called(node.iter) != "events":
            yield node.lineno, "a stream is read other than by events()"
        if isinstance(node, ast.AsyncFor) and _called(node.iter) == "events" and not _is_guarded(node):
            yield node.lineno, "an agent that raises acknowledges the event: guard its whole body and end the process"
        if not isinstance(node, ast.Call):
            continue
        name = _called(node)
        if name in LOSSY_CALLS:
            yield node.lineno, LOSSY_CALLS[name]
        if name in SENDS and id(node) not in confirmed:
            yield node.lineno, f"{name}() without the broker's confirmation: await (await …)"
        yield from _keywords(node, name)


def _is_guarded(loop: ast.AsyncFor) -> bool:
    """Whether all that is done with an event stands in one `try` whose last word on any other exception is the process's end."""
    if len(loop.body) != 1 or not isinstance(loop.body[0], ast.Try):
        return False
    last = loop.body[0].handlers[-1] if loop.body[0].handlers else None
    if last is None or not (last.type is None or ast.unparse(last.type) == "BaseException"):
        return False
    return any(isinstance(node, ast.Call) and ast.unparse(node.func) == "os._exit" for node in ast.walk(last))


def _keywords(call: ast.Call, name: str) -> Iterator[tuple[int, str]]:
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    if given.get("concurrency", "1") != "1":
        yield call.lineno, "concurrency above 1 loses what was in flight"
    if "processing_guarantee" in given:
        yield call.lineno, "processing_guarantee is not provable here and redoes everything"
    if name == "topic":
        if given.get("value_type", "bytes") != "bytes":
            yield call.lineno, "a typed value is decoded outside the guarded part"
        if given.get("value_serializer") not in ("'raw'", '"raw"'):
            yield call.lineno, "a topic without value_serializer='raw' decodes outside the guarded part"


def _awaited_twice(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Await) and isinstance(node.value.value, ast.Call):
            yield node.value.value


def _called(node: ast.AST) -> str:
    """The name by which a call calls: `take` of `stream.take(5)`."""
    if isinstance(node, ast.Call):
        function = node.func
        return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return ""
