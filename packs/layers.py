"""Reads the layers of a pack and lays them over each other.

A layer says only what is new or different. Mappings are joined key by key, lists of things with a slug thing by thing;
any other list or value replaces the one below. New rules of an upper layer come before those below, because the first wins.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from packs.files import FILES, HEADER, shape_of
from packs.findings import Finding
from packs.located import Located, read

LARGEST_FILE = 1_000_000


def read_layers(folder: Path) -> tuple[list[Located], list[Finding]]:
    """The layers from the ground up, the last one being `folder`, and what is wrong with their form."""
    layers: list[Located] = []
    findings: list[Finding] = []
    seen: list[str] = []
    following: Path | None = folder.resolve()
    while following is not None:
        layer, faults = _read_layer(following)
        layers.insert(0, layer)
        findings += faults
        seen.append(following.name)
        following, faults = _below(following, layer, seen)
        findings += faults
    return layers, findings


def lay_over(layers: list[Located]) -> Located:
    """One document out of all layers."""
    whole = layers[0]
    for layer in layers[1:]:
        whole = _merge(whole, layer, newest_first=False)
    return whole


def _below(folder: Path, layer: Located, seen: list[str]) -> tuple[Path | None, list[Finding]]:
    extends = layer.at(["extends"])
    if extends is layer or not isinstance(extends.content, str):
        return None, []
    below = folder.parent / extends.content
    if extends.content in seen:
        return None, [extends.finding("the layers go round in a circle", "let the lowest one extend nothing")]
    if not (below / HEADER.pattern).is_file():
        remedy = "name a folder beside this one that has a pack.yaml"
        return None, [extends.finding(f"there is no layer `{extends.content}`", remedy)]
    return below, []


def _read_layer(folder: Path) -> tuple[Located, list[Finding]]:
    header = f"{folder.name}/{HEADER.pattern}"
    if not (folder / HEADER.pattern).is_file():
        return Located({}, header, 1), [Finding(header, 1, "the file is missing", "a pack begins with its pack.yaml")]
    layer: dict[str, Located] = {}
    findings: list[Finding] = []
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        document, faults = _read_file(path, name, f"{folder.name}/{name}")
        findings += faults
        if not faults:
            _join(layer, document, findings)
    for key in ("extends", "ground"):
        layer.setdefault(key, Located(None, header, 1))
    whole = Located(layer, header, 1)
    findings += _twice(whole)
    if (slug := whole.at(["slug"])) is not whole and slug.content != folder.name:
        findings.append(slug.finding(f"the layer lies in the folder `{folder.name}`", "give both the same name"))
    return whole, findings


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path.suffix != ".md":
            yield path


def _read_file(path: Path, name: str, file: str) -> tuple[Located, list[Finding]]:
    nothing = Located({}, file, 1)
    shape = shape_of(name)
    if shape is None:
        near = get_close_matches(name, [known.pattern for known in FILES], 1, 0.4)
        remedy = f"did you mean `{near[0]}`? " if near else ""
        return nothing, [nothing.finding("no such file belongs to a pack", f"{remedy}Remove or rename it")]
    if path.stat().st_size > LARGEST_FILE:
        return nothing, [nothing.finding("the file is larger than 1 MB", "split it")]
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        return nothing, [Finding(file, line, "the file is not UTF-8 text", "save it as UTF-8")]
    document, findings = read(text, file)
    if not findings and not isinstance(document.content, dict):
        findings = [document.finding("the file holds no keys", f"begin with `{next(iter(shape.keys))}:`")]
    if findings or not isinstance(document.content, dict):
        return nothing, findings
    for key, value in document.content.items():
        if key not in shape.keys:
            known = ", ".join(f"`{name}`" for name in shape.keys)
            findings.append(value.finding(f"unknown key `{key}`", f"this file may have {known}"))
    return (nothing, findings) if findings else (_placed(document, shape.within), [])


def _placed(document: Located, within: str | None) -> Located:
    """The document as a part of the resolved pack."""
    content = dict(document.content) if isinstance(document.content, dict) else {}
    if within is not None:
        return Located({within: document}, document.file, document.line)
    area = content.pop("area", None)
    categories = content.get("categories")
    if area is not None and categories is not None and isinstance(categories.content, list):
        for item in categories.content:
            if isinstance(item.content, dict):
                item.content.setdefault("area", area)
    return Located(content, document.file, document.line)


def _join(layer: dict[str, Located], document: Located, findings: list[Finding]) -> None:
    """Adds a file's document to its layer; nothing may be said twice in one layer."""
    assert isinstance(document.content, dict)  # noqa: S101 - _read_file lets nothing else through
    for key, value in document.content.items():
        before = layer.get(key)
        if before is None:
            layer[key] = value
        elif isinstance(before.content, list) and isinstance(value.content, list):
            layer[key] = Located([*before.content, *value.content], before.file, before.line)
        elif isinstance(before.content, dict) and isinstance(value.content, dict):
            joined = dict(before.content)
            _join(joined, value, findings)
            layer[key] = Located(joined, before.file, before.line)
        else:
            findings.append(value.finding(f"`{key}` also stands in {before.file}", "keep one of them"))


def _twice(here: Located) -> list[Finding]:
    """Things of the same slug in one list of one layer."""
    findings: list[Finding] = []
    if isinstance(here.content, dict):
        for value in here.content.values():
            findings += _twice(value)
    if isinstance(here.content, list):
        first: dict[str, Located] = {}
        for item in here.content:
            slug = _slug(item)
            if slug is not None and slug in first:
                place = first[slug]
                reason = f"`{slug}` also stands in {place.file}, line {place.line}"
                findings.append(item.finding(reason, "remove one of them, or give it a slug of its own"))
            elif slug is not None:
                first[slug] = item
    return findings


def _slug(item: Located) -> str | None:
    slug = item.content.get("slug") if isinstance(item.content, dict) else None
    return slug.content if slug is not None and isinstance(slug.content, str) else None


def _merge(below: Located, above: Located, *, newest_first: bool) -> Located:
    if isinstance(below.content, dict) and isinstance(above.content, dict):
        joined = dict(below.content)
        for key, value in above.content.items():
            rules = newest_first or key == "rules"
            joined[key] = _merge(joined[key], value, newest_first=rules) if key in joined else value
        return Located(joined, above.file, above.line)
    lists = isinstance(below.content, list) and isinstance(above.content, list)
    return _merge_lists(below, above, newest_first=newest_first) if lists else above


def _merge_lists(below: Located, above: Located, *, newest_first: bool) -> Located:
    old = below.content if isinstance(below.content, list) else []
    new = above.content if isinstance(above.content, list) else []
    if any(_slug(item) is None for item in (*old, *new)):
        return above
    ours = {_slug(item): item for item in new}
    known = {_slug(item) for item in old}
    kept = [_merge(item, ours[_slug(item)], newest_first=False) if _slug(item) in ours else item for item in old]
    added = [item for item in new if _slug(item) not in known]
    return Located([*added, *kept] if newest_first else [*kept, *added], above.file, above.line)
