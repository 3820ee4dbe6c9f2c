"""Checks a pack: everything that would hurt later is told now, by file, line, reason and remedy."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from packs.base import FORMS
from packs.files import file_with
from packs.findings import Finding, PackError
from packs.layers import lay_over, read_layers
from packs.located import Located
from packs.pack import Pack
from packs.references import (
    confused_resolvers,
    nobody_solves,
    unknown_outlines,
    unknown_slugs,
    unreachable_bodies,
)
from packs.rule_checks import rules_that_never_fire
from packs.text_checks import faulty_texts


def load(path: str | Path) -> Pack:
    """The resolved pack of a folder. Raises PackError with all findings."""
    document, findings = _examine(Path(path))
    if not findings and document.at(["ground"]).content is True:
        remedy = "load a pack that extends it"
        findings = [document.at(["ground"]).finding("a ground layer is no town's pack by itself", remedy)]
    if findings:
        raise PackError(findings)
    return Pack.model_validate(_resolved(document))


def check(path: str | Path) -> list[Finding]:
    """What is wrong with a pack, in the order of files and lines. A ground layer is checked as far as that goes."""
    return _examine(Path(path))[1]


def _examine(folder: Path) -> tuple[Located, list[Finding]]:
    layers, findings = read_layers(folder)
    if findings:
        # What could not be read would be missed by every later check.
        return layers[-1], sorted(set(findings))
    document = _with_layers(lay_over(layers), layers)
    ground = layers[-1].at(["ground"]).content is True
    wrong_shape = list(_shape(document, ground))
    findings = [*wrong_shape, *unknown_slugs(document), *unknown_outlines(document), *faulty_texts(document)]
    if not ground:
        findings += [*nobody_solves(document), *unreachable_bodies(document), *confused_resolvers(document)]
    if not wrong_shape:
        findings += rules_that_never_fire(document)
    return document, sorted(set(findings))


def _with_layers(document: Located, layers: list[Located]) -> Located:
    names = [Located({key: layer.at([key]) for key in ("slug", "version")}, layer.file, layer.line) for layer in layers]
    content = document.content if isinstance(document.content, dict) else {}
    return Located({**content, "layers": Located(names, document.file, 1)}, document.file, 1)


def _name_of(layer: Located) -> Located:
    given = {key: layer.at([key]) for key in ("slug", "version")}
    return Located({key: value for key, value in given.items() if value is not layer}, layer.file, layer.line)


def _resolved(document: Located) -> dict[str, Any]:
    return {key: value for key, value in document.plain.items() if key not in ("ground", "extends")}


def _shape(document: Located, ground: bool) -> Iterator[Finding]:
    try:
        Pack.model_validate(_resolved(document))
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            section_missing = fault["type"] == "missing" and len(fault["loc"]) == 1
            if not (ground and section_missing):
                yield _finding(document, fault)


def _finding(document: Located, fault: ErrorDetails) -> Finding:
    path = list(fault["loc"])
    place, last = document.at(path), str(path[-1]) if path else ""
    context = fault.get("ctx", {})
    match fault["type"]:
        case "missing" if len(path) == 1:
            return place.finding(f"`{last}` is missing", f"add it in {file_with(last)}")
        case "missing":
            return place.finding(f"`{last}` is missing", f"add `{last}:` here")
        case "extra_forbidden":
            known = sorted(_fields(path[:-1]))
            near = get_close_matches(last, known, 1)
            remedy = f"did you mean `{near[0]}`?" if near else f"remove it; known here are {', '.join(known)}"
            return place.finding(f"unknown key `{last}`", remedy)
        case "enum":
            return place.finding(f"`{place.plain}` is not known as `{last}`", f"use {context.get('expected', '')}")
        case "string_type":
            return place.finding(f"`{last}` is not text", "put it in quotation marks, or remove what is indented below")
        case "string_pattern_mismatch":
            wanted = FORMS.get(context["pattern"], "see packs/schema/ for what fits here")
            return place.finding(f"`{place.plain}` has not the form of `{last}`", f"write {wanted}")
        case _:
            return place.finding(
                f"`{last}`: {fault['msg'][:1].lower()}{fault['msg'][1:]}", "see packs/schema/ for what fits here"
            )


def _fields(path: list[int | str]) -> dict[str, Any]:
    kind = _type_at(path)
    return dict(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else {}


def _type_at(path: list[int | str]) -> Any:
    kind: Any = Pack
    for step in path:
        kind = _plain_type(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(step))
            kind = field.annotation if field is not None else None
        elif get_origin(kind) in (list, dict):
            kind = get_args(kind)[-1]
    return _plain_type(kind)


def _plain_type(kind: Any) -> Any:
    """Without `Annotated` and `| None`."""
    while hasattr(kind, "__metadata__"):
        kind = kind.__origin__
    if get_origin(kind) in (Union, UnionType):
        kind = next((part for part in get_args(kind) if part is not type(None)), None)
    return kind
