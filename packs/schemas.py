"""JSON Schemas of the packs' files, so that an editor helps their authors. Generated and committed: packs/schema/."""

from typing import Any

import orjson
from pydantic import TypeAdapter, create_model

from packs.base import Model
from packs.files import FILES, FileShape


def schemas() -> dict[str, bytes]:
    """File name -> content."""
    return {shape.schema_name: orjson.dumps(schema(shape), option=orjson.OPT_INDENT_2) + b"\n" for shape in FILES}


def schema(shape: FileShape) -> dict[str, Any]:
    """The schema of one file. Only slugs are required, because an upper layer says only what is different."""
    fields: dict[str, Any] = {key: (kind | None, None) for key, kind in shape.keys.items()}
    model = create_model(shape.schema_name.partition(".")[0], __base__=Model, __doc__=shape.purpose, **fields)
    document = TypeAdapter(model).json_schema()
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    document["title"] = shape.pattern
    relaxed: dict[str, Any] = _without_demands(document)
    return relaxed


def _without_demands(document: Any) -> Any:
    if isinstance(document, dict):
        cleaned = {key: _without_demands(value) for key, value in document.items() if key != "required"}
        if "slug" in document.get("properties", {}) and "slug" in document.get("required", []):
            cleaned["required"] = ["slug"]
        return cleaned
    return [_without_demands(item) for item in document] if isinstance(document, list) else document
