"""Outside `data.personal` an event holds only ids, enums, numbers, times and patterned codes (P8): checked on the schemas.

A string must be a constant, an enum, of a format without room for words (date-time, uuid), or of a closed pattern: anchored,
of ASCII letters, digits and joining signs, of bounded length. Maps with free keys, objects of unknown shape and untyped values
are refused, and so is a model whose description begins with "Personal:".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.compatibility import resolve

Schema = Mapping[str, Any]

_FORMATS = frozenset(("date-time", "uuid"))
_HARMLESS_TYPES = frozenset(("integer", "number", "boolean", "null"))
_CLOSED_PATTERN = re.compile(
    r"""\^ (?:
        \\[.+/-]                        # a sign
      | [A-Za-z0-9_:/-]                 # a letter, digit or joining sign
      | \[ [A-Za-z0-9._:+/-]+ \]        # one of such
      | \{ [0-9]{1,3} (?:,[0-9]{1,3})? \} | \?      # so many times, never without end
      | \( (?:\?:)? | \) | \|
    )* \$""",
    re.VERBOSE,
)


def free_text(schema: Schema) -> list[str]:
    """Places of an event's schema, outside `data.personal`, that could hold words of or about a person; empty where none."""
    return list(dict.fromkeys(_places(schema, schema, "", ())))


def is_closed(pattern: str) -> bool:
    """Whether a pattern has no room for free text."""
    return _CLOSED_PATTERN.fullmatch(pattern) is not None


def _places(schema: Schema | bool, root: Schema, place: str, entered: tuple[str, ...]) -> Iterator[str]:
    if place == "data.personal":
        return
    if isinstance(schema, bool):
        yield f"{place}: may hold anything"
        return
    reference = str(schema.get("$ref", ""))
    if reference in entered:
        return
    entered = (*entered, reference) if reference else entered
    if reference and str(resolve({"$ref": reference}, root).get("description", "")).startswith("Personal:"):
        yield f"{place}: a personal model outside data.personal"
    schema = resolve(schema, root)
    if "const" in schema or "enum" in schema:
        return
    if "anyOf" in schema:
        for branch in schema["anyOf"]:
            yield from _places(branch, root, place, entered)
        return
    yield from _of_type(schema, root, place, entered)


def _of_type(schema: Schema, root: Schema, place: str, entered: tuple[str, ...]) -> Iterator[str]:
    kind = schema.get("type")
    if kind == "string":
        if schema.get("format") not in _FORMATS and not is_closed(str(schema.get("pattern", ""))):
            yield f"{place}: free text"
    elif kind == "array":
        yield from _places(schema.get("items", True), root, f"{place}[]", entered)
    elif kind == "object":
        yield from _of_object(schema, root, place, entered)
    elif kind not in _HARMLESS_TYPES:
        yield f"{place}: may hold anything"


def _of_object(schema: Schema, root: Schema, place: str, entered: tuple[str, ...]) -> Iterator[str]:
    patterns = schema.get("patternProperties", {})
    if "properties" not in schema and not patterns:
        yield f"{place}: may hold anything"
    # A model's schema does not name additionalProperties: readers ignore, and writers cannot write, what is not named.
    if schema.get("additionalProperties", False) is not False:
        yield f"{place}: free keys"
    for name, field in schema.get("properties", {}).items():
        yield from _places(field, root, f"{place}.{name}" if place else name, entered)
    for pattern, field in patterns.items():
        if not is_closed(pattern):
            yield f"{place}: free keys"
        yield from _places(field, root, f"{place}.*", entered)
