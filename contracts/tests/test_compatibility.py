"""Which changes of a schema may be a minor version. (P10)"""

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.compatibility import breaks, meaning
from contracts.generate import defined_events, schema_of

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def record(*required: str, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def referring(definition: Schema) -> Schema:
    return {**record("part", part={"$ref": "#/$defs/Part"}), "$defs": {"Part": definition}}


COMPATIBLE = {
    "nothing changes": (record("a", a=TEXT), record("a", a=TEXT)),
    "a new optional field": (record("a", a=TEXT), record("a", a=TEXT, b=TEXT)),
    "an optional field is gone": (record("a", a=TEXT, b=TEXT), record("a", a=TEXT)),
    "a new value of an enum": (record(a={"enum": ["x", "y"]}), record(a={"enum": ["x", "y", "z"]})),
    "a new optional field of a part": (referring(record(a=TEXT)), referring(record(a=TEXT, b=NUMBER))),
    "other words": (record(a={**TEXT, "description": "old"}), record(a={**TEXT, "description": "new", "title": "A"})),
    "a constant as an enum of one": (record(a={"const": "x"}), record(a={"enum": ["x"]})),
    "a field called like an annotation": (record(title=TEXT), record(title=TEXT, description=TEXT)),
    "order of alternatives": (record(a=nullable(TEXT)), record(a={"anyOf": [{"type": "null"}, TEXT]})),
    "the version's own name": (
        record(dataschema={"const": "urn:helpdesk:a.b:1.0"}),
        record(dataschema={"const": "urn:helpdesk:a.b:1.1"}),
    ),
}

BREAKING = {
    "a new required field": (record("a", a=TEXT), record("a", "b", a=TEXT, b=TEXT), ["b: required"]),
    "an optional field becomes required": (record(a=TEXT), record("a", a=TEXT), ["a: required"]),
    "a required field becomes optional": (record("a", a=TEXT), record(a=TEXT), ["a: required (old readers)"]),
    "a required field is gone": (record("a", a=TEXT), record(), ["a: required (old readers)"]),
    "a field is gone and forbidden": (
        record(a=TEXT, b=TEXT),
        {**record(a=TEXT), "additionalProperties": False},
        ["b: forbidden"],
    ),
    "another type": (
        record(a=TEXT),
        record(a=NUMBER),
        ["a: type narrowed", "a: type narrowed (old readers)"],
    ),
    "a number becomes whole": (record(a={"type": "number"}), record(a=NUMBER), ["a: type narrowed"]),
    "a whole number becomes any": (record(a=NUMBER), record(a={"type": "number"}), ["a: type narrowed (old readers)"]),
    "null is no longer allowed": (record(a=nullable(TEXT)), record(a=TEXT), ["a: type narrowed"]),
    "null is now allowed": (record(a=TEXT), record(a=nullable(TEXT)), ["a: type narrowed (old readers)"]),
    "a value of an enum is gone": (record(a={"enum": ["x", "y"]}), record(a={"enum": ["x"]}), ["a: values narrowed"]),
    "any text becomes an enum": (record(a=TEXT), record(a={**TEXT, "enum": ["x"]}), ["a: values narrowed"]),
    "an enum becomes any text": (
        record(a={**TEXT, "enum": ["x"]}),
        record(a=TEXT),
        ["a: values narrowed (old readers)"],
    ),
    "another constant": (
        record(a={"const": "x"}),
        record(a={"const": "y"}),
        ["a: values narrowed", "a: values narrowed (old readers)"],
    ),
    "a constant becomes an enum": (
        record(a={"const": "x"}),
        record(a={"enum": ["x", "y"]}),
        ["a: values narrowed (old readers)"],
    ),
    "a bound is new": (record(a=NUMBER), record(a={**NUMBER, "minimum": 0}), ["a: minimum narrowed"]),
    "a bound is gone": (
        record(a={**NUMBER, "maximum": 9}),
        record(a=NUMBER),
        ["a: maximum narrowed (old readers)"],
    ),
    "a lower bound rises": (
        record(a={**NUMBER, "minimum": 0}),
        record(a={**NUMBER, "minimum": 1}),
        ["a: minimum narrowed"],
    ),
    "a text may be shorter only": (
        record(a={**TEXT, "maxLength": 9}),
        record(a={**TEXT, "maxLength": 8}),
        ["a: maxLength narrowed"],
    ),
    "a text must be longer": (record(a=TEXT), record(a={**TEXT, "minLength": 1}), ["a: minLength narrowed"]),
    "a list may be shorter only": (
        record(a={"type": "array", "items": TEXT}),
        record(a={"type": "array", "items": TEXT, "maxItems": 3}),
        ["a: maxItems narrowed"],
    ),
    "a pattern is new": (record(a=TEXT), record(a={**TEXT, "pattern": "^a$"}), ["a: pattern changed"]),
    "another pattern": (
        record(a={**TEXT, "pattern": "^a$"}),
        record(a={**TEXT, "pattern": "^b$"}),
        ["a: pattern changed", "a: pattern changed (old readers)"],
    ),
    "another format": (
        record(a={**TEXT, "format": "uuid"}),
        record(a={**TEXT, "format": "date-time"}),
        ["a: format changed", "a: format changed (old readers)"],
    ),
    "another default": (
        record(a={**TEXT, "default": "x"}),
        record(a={**TEXT, "default": "y"}),
        ["a: default changed", "a: default changed (old readers)"],
    ),
    "other items": (
        record(a={"type": "array", "items": {"enum": ["x", "y"]}}),
        record(a={"type": "array", "items": {"enum": ["y"]}}),
        ["a[]: values narrowed"],
    ),
    "a part's new required field": (
        referring(record("a", a=TEXT)),
        referring(record("a", "b", a=TEXT, b=TEXT)),
        ["part.b: required"],
    ),
    "a narrowed alternative": (
        record(a=nullable({**TEXT, "maxLength": 9})),
        record(a=nullable({**TEXT, "maxLength": 8})),
        ["a: maxLength narrowed"],
    ),
    "other values of a map": (
        record(a={"type": "object", "additionalProperties": TEXT}),
        record(a={"type": "object", "additionalProperties": NUMBER}),
        ["a.*: type narrowed", "a.*: type narrowed (old readers)"],
    ),
    "other keys of a map": (
        record(a={"type": "object", "patternProperties": {"^a$": TEXT}}),
        record(a={"type": "object", "patternProperties": {"^b$": TEXT}}),
        ["a.*: patternProperties changed", "a.*: patternProperties changed (old readers)"],
    ),
    "other values of a map with patterned keys": (
        record(a={"type": "object", "patternProperties": {"^a$": TEXT}}),
        record(a={"type": "object", "patternProperties": {"^a$": {**TEXT, "maxLength": 3}}}),
        ["a.*: maxLength narrowed"],
    ),
    "a map is closed": (
        record(a={"type": "object", "additionalProperties": TEXT}),
        record(a={"type": "object", "additionalProperties": False}),
        ["a.*: forbidden"],
    ),
    "a keyword nobody taught": (
        record(a=TEXT),
        record(a={**TEXT, "contentEncoding": "base64"}),
        ["a: keyword contentEncoding is not understood by the check"],
    ),
}


@pytest.mark.parametrize("change", COMPATIBLE)
def test_a_compatible_change_may_be_a_minor_version(change: str) -> None:
    older, newer = COMPATIBLE[change]
    assert breaks(older, newer) == []


@pytest.mark.parametrize("change", BREAKING)
def test_a_breaking_change_is_found_with_its_place_and_kind(change: str) -> None:
    older, newer, faults = BREAKING[change]
    found = breaks(older, newer)
    unknown = [fault for fault in found if "not understood" in fault]
    assert (unknown[:1] or found) == faults


@pytest.mark.parametrize("model", defined_events(), ids=lambda model: model.event_type)
def test_every_schema_is_compatible_with_itself(model: Any) -> None:
    assert breaks(schema_of(model), schema_of(model)) == []


def test_a_model_that_holds_itself_does_not_hold_up_the_check() -> None:
    node = record("name", name=TEXT, child={"$ref": "#/$defs/Node"})
    older = {**record(root={"$ref": "#/$defs/Node"}), "$defs": {"Node": node}}
    newer = {
        **record(root={"$ref": "#/$defs/Node"}),
        "$defs": {"Node": record("name", name={**TEXT, "maxLength": 3}, child={"$ref": "#/$defs/Node"})},
    }
    assert breaks(older, older) == []
    assert breaks(older, newer) == ["root.name: maxLength narrowed"]


def test_what_explains_is_not_what_it_means() -> None:
    explained = {**record(title={**TEXT, "title": "T", "examples": ["x"]}), "description": "words"}
    assert meaning(explained) == record(title=TEXT)


bounds = st.integers(0, 3)
leaves: st.SearchStrategy[Schema] = st.one_of(
    st.builds(lambda low, span: {"type": "integer", "minimum": low, "maximum": low + span}, bounds, bounds),
    st.builds(lambda longest: {"type": "string", "maxLength": longest}, bounds),
    st.builds(lambda values: {"enum": sorted(values)}, st.sets(st.sampled_from(["", "a", "aa", "b"]), min_size=1)),
    st.just({"type": "null"}),
    st.just({"type": "boolean"}),
)


def records(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    fields = st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    return fields.flatmap(
        lambda named: st.sets(st.sampled_from(sorted(named) or ["a"])).map(lambda r: record(*r, **named))
    )


schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        records(inner),
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda one, two: {"anyOf": [one, two]}, inner, inner),
    ),
    max_leaves=4,
)


@st.composite
def similar(draw: st.DrawFn, schema: Schema) -> Schema:
    """The schema with some changes; most of it stays, so that many pairs are compatible."""
    if draw(st.integers(0, 9)) == 0:
        return draw(schemas)
    if "anyOf" in schema:
        return {"anyOf": draw(st.permutations([draw(similar(branch)) for branch in schema["anyOf"]]))}
    if schema.get("type") == "array":
        return {"type": "array", "items": draw(similar(schema["items"]))}
    if schema.get("type") == "object":
        fields = {name: draw(similar(field)) for name, field in schema["properties"].items()}
        new = draw(st.dictionaries(st.sampled_from(["b", "c"]), leaves, max_size=1))
        required = draw(st.sets(st.sampled_from([*schema["required"], *new, "a"]))) | set(schema["required"])
        return record(*sorted(required), **{**new, **fields})
    if "enum" in schema:
        return {"enum": sorted(draw(st.sets(st.sampled_from([*schema["enum"], "c"]), min_size=1)))}
    bound = draw(st.sampled_from([word for word in schema if word.startswith("m")] or [""]))
    return {**schema, bound: schema[bound] + draw(st.integers(-1, 1))} if bound else schema


def documents_of(schema: Schema) -> st.SearchStrategy[Any]:
    """Documents as writers of this schema write them: only what it names."""
    if "anyOf" in schema:
        return st.one_of([documents_of(branch) for branch in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "object":
        fields = {name: documents_of(field) for name, field in schema["properties"].items()}
        must = {name: fields.pop(name, st.none()) for name in schema["required"]}
        return st.fixed_dictionaries(must, optional=fields)
    if schema["type"] == "array":
        return st.lists(documents_of(schema["items"]), max_size=2)
    if schema["type"] == "integer":
        return st.integers(schema["minimum"], max(schema["minimum"], schema["maximum"]))
    texts = st.text("ab", max_size=schema.get("maxLength", 0))
    return {"null": st.none(), "boolean": st.booleans(), "string": texts}[schema["type"]]


@given(data=st.data(), older=schemas)
def test_what_is_written_under_the_older_schema_is_valid_under_a_compatible_newer_one(
    data: st.DataObject, older: Schema
) -> None:
    newer = data.draw(similar(older))
    document = data.draw(documents_of(older))
    assert breaks(older, newer) or jsonschema.Draft202012Validator(newer).is_valid(document)
