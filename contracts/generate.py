"""Schemas, examples and the AsyncAPI document, generated from the models.

A version of a schema is published when it stands in `schemas/published.json` with the digest of its file. From then on the
file never changes: `write` adds new versions and leaves published ones alone. What the model means must stay what its published
version says; titles and descriptions may improve, they show in the AsyncAPI document.
"""

import hashlib
import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

import contracts
from contracts.asyncapi import document
from contracts.envelope import Event, EventData
from contracts.formats import FORMATS
from contracts.registry import TOPICS, Topic
from contracts.samples import SAMPLES
from contracts.types import Model

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PUBLISHED = "schemas/published.json"
ASYNCAPI = "asyncapi.json"


def defined_events() -> tuple[type[EventData], ...]:
    """Every event class that a module of the contracts defines, whether a topic carries it or not, by type."""
    found = set()
    for module in pkgutil.iter_modules(contracts.__path__, "contracts."):
        if not module.ispkg and module.name != "contracts.__main__":
            names = vars(importlib.import_module(module.name)).values()
            found |= {name for name in names if isinstance(name, type) and issubclass(name, EventData)}
    return tuple(sorted((event for event in found if "event_type" in vars(event)), key=lambda event: event.event_type))


@dataclass(frozen=True)
class Contract:
    """What is generated from and checked; tests pass broken ones."""

    topics: tuple[Topic, ...]
    events: tuple[type[EventData], ...]
    samples: Mapping[str, Mapping[str, Callable[[], Event[Any]]]]
    formats: Mapping[str, type[Model]] = field(default_factory=dict)
    """Lines of files, by name."""


def whole_contract() -> Contract:
    """The contract as it stands in the models."""
    return Contract(TOPICS, defined_events(), SAMPLES, FORMATS)


@dataclass(frozen=True)
class Published:
    """What can never change: digest of each schema's file by its path below `schemas`, partitions of each topic by name."""

    schemas: Mapping[str, str]
    partitions: Mapping[str, int]

    @classmethod
    def read(cls, folder: Path) -> "Published":
        """As committed; empty where nothing is published yet."""
        file = folder / PUBLISHED
        known = json.loads(file.read_bytes()) if file.exists() else {}
        return cls(known.get("schemas", {}), known.get("partitions", {}))

    def intact(self, folder: Path, path: str) -> bytes | None:
        """The published schema's file; None where it is not there as it was published."""
        file = folder / "schemas" / path
        content = file.read_bytes() if file.is_file() else b""
        return content if hashlib.sha256(content).hexdigest() == self.schemas.get(path) else None


def schema_of(model: type[EventData]) -> dict[str, Any]:
    """JSON Schema of the whole event, envelope and data, as readers accept it."""
    schema = _of_one_event(Event[model].model_json_schema(), model)  # type: ignore[valid-type]
    return {"$schema": DIALECT, "$id": model.dataschema(), **schema}


def shared_schemas(models: tuple[type[EventData], ...]) -> dict[str, Any]:
    """The same schemas as AsyncAPI components, with the models in common once: name -> schema; events under their type."""
    forms = [(Event[model], "validation") for model in models]  # type: ignore[valid-type]
    names, whole = models_json_schema(forms, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    shared = dict(whole["$defs"])
    for model, form in zip(models, forms, strict=True):
        name = names[form]["$ref"].rpartition("/")[2]  # type: ignore[index]
        shared[model.event_type] = _of_one_event(shared.pop(name), model)
    return dict(sorted(shared.items()))


def _of_one_event(schema: dict[str, Any], model: type[EventData]) -> dict[str, Any]:
    """Narrows the common envelope to one event: its type, its schema's name, the attributes that it must carry."""
    fields = dict(schema["properties"])
    fields["type"] = {"const": model.event_type, "title": "Type", "type": "string"}
    fields["dataschema"] = {"const": model.dataschema(), "title": "Dataschema", "type": "string"}
    for name in model.attributes:
        (wanted,) = (form for form in fields[name]["anyOf"] if form.get("type") != "null")
        kept = {word: value for word, value in fields[name].items() if word not in ("anyOf", "default")}
        fields[name] = {**wanted, **kept}
    required = [*schema["required"], *model.attributes]
    return {**schema, "title": model.event_type, "properties": fields, "required": required}


def schema_path(model: type[EventData]) -> str:
    """Place of a schema below `schemas`: `report.received/1.0.json`."""
    return f"{model.event_type}/{model.version}.json"


def rendered(value: object) -> bytes:
    """A generated file: the same content gives the same bytes."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"


def examples(contract: Contract) -> dict[str, bytes]:
    """The examples of the models' versions: path below the contracts' folder -> content."""
    files = {}
    for cases in contract.samples.values():
        for case, build in cases.items():
            event = build()
            path = f"examples/{event.type}/{case}.{type(event.data).version}.json"
            files[path] = rendered(json.loads(event.to_bytes()))
    return files


def formats(contract: Contract) -> dict[str, bytes]:
    """The JSON Schemas of lines of files: path below the contracts' folder -> content."""
    return {
        f"formats/{name}.json": rendered({"$schema": DIALECT, **model.model_json_schema()})
        for name, model in contract.formats.items()
    }


def asyncapi(contract: Contract) -> bytes:
    """The AsyncAPI document of the contract."""
    return rendered(document(contract.topics, shared_schemas(contract.events)))


def write(folder: Path, contract: Contract) -> list[str]:
    """Writes what is generated and returns the paths that are new or changed; published schemas are left alone."""
    published = Published.read(folder)
    files: dict[str, bytes] = {**examples(contract), **formats(contract), ASYNCAPI: asyncapi(contract)}
    digests, partitions = dict(published.schemas), {topic.name: topic.partitions for topic in contract.topics}
    for model in contract.events:
        path = schema_path(model)
        if path not in digests:
            files[f"schemas/{path}"] = content = rendered(schema_of(model))
            digests[path] = hashlib.sha256(content).hexdigest()
    # What is published wins: the check then tells that the registry differs.
    partitions |= published.partitions
    files[PUBLISHED] = rendered(
        {"schemas": dict(sorted(digests.items())), "partitions": dict(sorted(partitions.items()))}
    )
    changed = []
    for path, content in sorted(files.items()):
        target = folder / path
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            changed.append(path)
    return changed
