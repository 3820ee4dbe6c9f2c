"""Whether two minor versions of one schema understand each other.

Ready-made tools miss a new required field and a narrowed enum, so this is our own. A minor version is compatible when

- every document that is valid under the older schema is readable under the newer one, and
- a reader of the older schema, which ignores unknown fields, reads documents of the newer one. New values of an enum are the
  exception: their readers are rolled out before their writers (`Confidentiality` treats an unknown value as sealed).

A keyword that this module does not know is a break: better asked about than silently passed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_SAME = ("pattern", "format", "multipleOf", "uniqueItems", "propertyNames")
_ANNOTATIONS = ("title", "description", "examples", "$id", "$schema")
_NAMED = ("properties", "patternProperties", "$defs")
_SHAPE = ("$ref", "type", "enum", "const", "default", "anyOf", "required", "items", "additionalProperties")
_KNOWN = frozenset((*_LOWER_BOUNDS, *_UPPER_BOUNDS, *_SAME, *_NAMED, *_SHAPE))
_ALL_TYPES = frozenset(("string", "number", "integer", "boolean", "object", "array", "null"))


def breaks(older: Schema, newer: Schema) -> list[str]:
    """Why `newer` may not be a minor version after `older`: place and kind of each break, empty where it may.

    `dataschema` at the top names the version itself and is left out.
    """
    older, newer = _unversioned(meaning(older)), _unversioned(meaning(newer))
    forward = (f"{fault} (old readers)" for fault in _unreadable(newer, older, older_reads=True))
    return list(dict.fromkeys((*_unreadable(older, newer, older_reads=False), *forward)))


def meaning(schema: Schema) -> dict[str, Any]:
    """The schema without titles, descriptions and examples: what it allows, not how it is explained."""
    return {name: _meaning_of(name, value) for name, value in schema.items() if name not in _ANNOTATIONS}


def _meaning_of(keyword: str, value: Any) -> Any:
    if keyword in _NAMED:
        return {name: meaning(schema) for name, schema in value.items()}
    if keyword == "anyOf":
        return [meaning(schema) for schema in value]
    return (
        meaning(value)
        if keyword in ("items", "additionalProperties", "propertyNames") and value not in (True, False)
        else value
    )


def _unversioned(schema: dict[str, Any]) -> dict[str, Any]:
    fields = {name: field for name, field in schema.get("properties", {}).items() if name != "dataschema"}
    return {**schema, "properties": fields} if "properties" in schema else schema


def _unreadable(written: Schema, reader: Schema, *, older_reads: bool) -> Iterator[str]:
    return _Comparison(written, reader, older_reads).faults(written, reader, "")


class _Comparison:
    """One direction: may a reader of one schema refuse what was written under the other?"""

    def __init__(self, written: Schema, reader: Schema, older_reads: bool) -> None:
        self._written_root, self._reader_root, self._older_reads = written, reader, older_reads
        self._entered: set[tuple[str, str]] = set()

    def faults(self, written: Schema, reader: Schema, place: str) -> Iterator[str]:
        """Places where the reader may refuse."""
        pair = (str(written.get("$ref", "")), str(reader.get("$ref", "")))
        if all(pair):
            if pair in self._entered:
                return
            self._entered.add(pair)
        written, reader = resolve(written, self._written_root), resolve(reader, self._reader_root)
        for keyword in sorted((written.keys() | reader.keys()) - _KNOWN):
            yield f"{place or 'document'}: keyword {keyword} is not understood by the check"
        if "anyOf" in written or "anyOf" in reader:
            yield from self._alternatives(written, reader, place)
            return
        yield from self._value(written, reader, place or "document")
        yield from self._object(written, reader, place)
        yield from self._array(written, reader, place)

    def _alternatives(self, written: Schema, reader: Schema, place: str) -> Iterator[str]:
        choices = reader.get("anyOf", [reader])
        for branch in written.get("anyOf", [written]):
            entered = set(self._entered)
            trials = []
            for choice in choices:
                self._entered = set(entered)
                trials.append(list(self.faults(branch, choice, place)))
            self._entered = entered
            if not any(trial == [] for trial in trials):
                yield from min(trials, key=lambda trial: (any("type" in fault for fault in trial), len(trial)))

    def _value(self, written: Schema, reader: Schema, place: str) -> Iterator[str]:
        if not _types(written) <= _types(reader):
            yield f"{place}: type narrowed"
        given, allowed = _values(written), _values(reader)
        # An old reader need not know new values of an enum, but it never knew more than one value of a constant.
        grows = self._older_reads and given is not None and "enum" in reader
        if allowed is not None and not grows and (given is None or not set(given) <= set(allowed)):
            yield f"{place}: values narrowed"
        for keyword in _LOWER_BOUNDS:
            if keyword in reader and written.get(keyword, float("-inf")) < reader[keyword]:
                yield f"{place}: {keyword} narrowed"
        for keyword in _UPPER_BOUNDS:
            if keyword in reader and written.get(keyword, float("inf")) > reader[keyword]:
                yield f"{place}: {keyword} narrowed"
        for keyword in _SAME:
            if keyword in reader and reader[keyword] != written.get(keyword):
                yield f"{place}: {keyword} changed"
        if "default" in written and "default" in reader and written["default"] != reader["default"]:
            yield f"{place}: default changed"

    def _object(self, written: Schema, reader: Schema, place: str) -> Iterator[str]:
        for name in sorted(set(reader.get("required", ())) - set(written.get("required", ()))):
            yield f"{_step(place, name)}: required"
        fields, known = written.get("properties", {}), reader.get("properties", {})
        rest = reader.get("additionalProperties", True)
        for name, field in fields.items():
            if name in known:
                yield from self.faults(field, known[name], _step(place, name))
            elif rest is False:
                yield f"{_step(place, name)}: forbidden"
            elif rest is not True:
                yield from self.faults(field, rest, _step(place, name))
        patterns, known = written.get("patternProperties", {}), reader.get("patternProperties", {})
        if patterns.keys() != known.keys():
            yield f"{_step(place, '*')}: patternProperties changed"
        for pattern in patterns.keys() & known.keys():
            yield from self.faults(patterns[pattern], known[pattern], _step(place, "*"))
        others = written.get("additionalProperties", True)
        if isinstance(others, Mapping) and rest is not True:
            yield from self._others(others, rest, place)

    def _others(self, others: Schema, rest: Schema | bool, place: str) -> Iterator[str]:
        if isinstance(rest, Mapping):
            yield from self.faults(others, rest, _step(place, "*"))
        else:
            yield f"{_step(place, '*')}: forbidden"

    def _array(self, written: Schema, reader: Schema, place: str) -> Iterator[str]:
        if "items" in reader:
            yield from self.faults(written.get("items", {}), reader["items"], f"{place}[]")


def resolve(schema: Schema, root: Schema) -> Schema:
    """The schema with its `$ref` replaced; what stands beside the reference wins."""
    while "$ref" in schema:
        target: Any = root
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[step]
        schema = {**target, **{name: value for name, value in schema.items() if name != "$ref"}}
    return schema


def _step(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _types(schema: Schema) -> frozenset[str]:
    declared = schema.get("type")
    if declared is None:
        return _ALL_TYPES
    types = {declared} if isinstance(declared, str) else set(declared)
    return frozenset(types | {"integer"} if "number" in types else types)


def _values(schema: Schema) -> Sequence[str] | None:
    """The values that a const or enum allows, each with its type: true is not 1."""
    if "const" in schema:
        return [repr(schema["const"])]
    return [repr(value) for value in schema["enum"]] if "enum" in schema else None
