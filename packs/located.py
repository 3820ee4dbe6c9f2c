"""YAML with the place of every value, so that a fault can be told by file and line.

A strict YAML: no aliases (they make a small file huge), no duplicate keys, and of plain scalars only true, false, null and
numbers mean something; `15:00`, `2026-12-24` and `no` are text.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from packs.findings import Finding

Content = str | int | float | bool | None | list["Located"] | dict[str, "Located"]


@dataclass(frozen=True)
class Located:
    """A value of a file: a scalar, a list or a mapping, with where it stands."""

    content: Content
    file: str
    line: int
    block: bool = False
    """A block scalar: its text begins on the line after."""

    @property
    def plain(self) -> Any:
        """The value alone."""
        if isinstance(self.content, dict):
            return {key: item.plain for key, item in self.content.items()}
        if isinstance(self.content, list):
            return [item.plain for item in self.content]
        return self.content

    def at(self, path: Sequence[int | str]) -> "Located":
        """The value at a path, or the nearest one above it that exists."""
        here = self
        for step in path:
            inner: Located | None = None
            if isinstance(here.content, dict):
                inner = here.content.get(str(step))
            elif isinstance(here.content, list) and isinstance(step, int) and step < len(here.content):
                inner = here.content[step]
            if inner is None:
                break
            here = inner
        return here

    def finding(self, reason: str, remedy: str) -> Finding:
        """A fault of this value."""
        return Finding(self.file, self.line, reason, remedy)


class _Loader(yaml.CSafeLoader):
    """Knows only what `_PLAIN` lists."""

    yaml_implicit_resolvers: dict[str, Any] = {}


_PLAIN = (
    ("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf")),
    ("tag:yaml.org,2002:null", re.compile(r"^(?:null|)$"), ["n", ""]),
    ("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789")),
    ("tag:yaml.org,2002:float", re.compile(r"^-?[0-9]+\.[0-9]+$"), list("-0123456789")),
)
for _tag, _pattern, _first in _PLAIN:
    _Loader.add_implicit_resolver(_tag, _pattern, _first)

_MEANING: dict[str, Callable[[str], str | int | float | bool | None]] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
    "tag:yaml.org,2002:bool": lambda text: text == "true",
    "tag:yaml.org,2002:null": lambda _: None,
}


def read(text: str, file: str) -> tuple[Located, list[Finding]]:
    """The document of a file and what is wrong with its form. With findings the document is not to be used."""
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent):
                finding = Finding(file, _line(event.start_mark), "an alias (`*`)", "write the value out")
                return Located({}, file, 1), [finding]
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = _line(error.problem_mark or error.context_mark)
        reason = f"not YAML: {error.problem or error.context}"
        remedy = "mend the form; usual causes are indentation, a tab, or a colon in a text without quotation marks"
        return Located({}, file, 1), [Finding(file, line, reason, remedy)]
    except yaml.YAMLError:
        return Located({}, file, 1), [Finding(file, 1, "not YAML text", "save the file as UTF-8 text")]
    if node is None:
        return Located({}, file, 1), [Finding(file, 1, "the file is empty", "fill it or remove it")]
    findings: list[Finding] = []
    return _located(node, file, findings), findings


def _line(mark: Any) -> int:
    return 1 if mark is None else int(mark.line) + 1


def _located(node: yaml.Node, file: str, findings: list[Finding]) -> Located:
    line = _line(node.start_mark)
    if isinstance(node, yaml.MappingNode):
        items: dict[str, Located] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in items:
                place = Located(None, file, _line(key.start_mark))
                findings.append(place.finding(f"`{name}` stands here twice", "keep one of them"))
            # A mapping or list begins below its key; what is wrong with it is looked for at the key.
            inner = _located(value, file, findings)
            items[name] = Located(inner.content, file, _line(key.start_mark), inner.block)
        return Located(items, file, line)
    if isinstance(node, yaml.SequenceNode):
        return Located([_located(item, file, findings) for item in node.value], file, line)
    meaning = _MEANING.get(node.tag)
    if meaning is None:
        findings.append(Finding(file, line, f"an unknown tag `{node.tag}`", "remove the tag"))
        return Located(None, file, line)
    value = meaning(node.value)
    return Located(value, file, line, getattr(node, "style", None) in ("|", ">"))
