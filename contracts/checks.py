"""What `python -m contracts check` looks for. Each finding names the file, what is wrong, and the remedy."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema

from contracts.compatibility import breaks, meaning
from contracts.envelope import EventData, UnreadableEvent, parse_event
from contracts.generate import (
    ASYNCAPI,
    PUBLISHED,
    Contract,
    Published,
    asyncapi,
    examples,
    formats,
    schema_of,
    schema_path,
)
from contracts.personal_rule import free_text
from contracts.registry import PARTITIONS

REGISTRY = "registry.py"
CHANGELOG = "with a note in the changelog"
GENERATE = "run `python -m contracts generate` and commit what it writes"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: `file` is a path below the contracts' folder."""

    file: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what} — {self.remedy}"


def check(folder: Path, contract: Contract) -> list[Finding]:
    """All findings on the contract and what is committed of it in `folder`; empty where all is well."""
    published = Published.read(folder)
    return [
        *_write_once(folder, published),
        *_models(folder, contract, published),
        *_versions(folder, contract, published),
        *_personal(contract),
        *_registry(contract),
        *_partitions(contract, published),
        *_samples(folder, contract),
        *_examples(folder, contract, published),
        *_formats(folder, contract),
        *_asyncapi(folder, contract),
    ]


def _write_once(folder: Path, published: Published) -> Iterator[Finding]:
    for path in published.schemas:
        if not (folder / "schemas" / path).exists():
            yield Finding(f"schemas/{path}", "a published schema is gone", "restore the file from the history")
        elif published.intact(folder, path) is None:
            remedy = "restore the file from the history; a change is a new version"
            yield Finding(f"schemas/{path}", "a published schema was changed", remedy)
    for file in sorted((folder / "schemas").glob("*/*")):
        path = file.relative_to(folder / "schemas").as_posix()
        if path not in published.schemas:
            remedy = f"remove the file, or name its version in the model and {GENERATE}"
            yield Finding(f"schemas/{path}", f"not in {PUBLISHED}", remedy)


def _models(folder: Path, contract: Contract, published: Published) -> Iterator[Finding]:
    for model in contract.events:
        path = schema_path(model)
        file = f"schemas/{path}"
        if path not in published.schemas:
            yield Finding(file, f"version {model.version} of {model.event_type} is not published", GENERATE)
            continue
        content, today = published.intact(folder, path), schema_of(model)
        if content is not None and meaning(before := json.loads(content)) != meaning(today):
            faults = breaks(before, today)
            major, minor = (int(number) for number in model.version.split("."))
            wanted = f"{major + 1}.0" if faults else f"{major}.{minor + 1}"
            why = f"not compatible: {', '.join(faults)}" if faults else "compatible"
            remedy = f'set the model\'s version to "{wanted}" and {GENERATE}'
            yield Finding(file, f"{model.__name__} is no longer what its published version says ({why})", remedy)


def _versions(folder: Path, contract: Contract, published: Published) -> Iterator[Finding]:
    schemas: dict[str, list[tuple[tuple[int, ...], str]]] = {}
    for path in published.schemas:
        event_type, _, version = path.removesuffix(".json").partition("/")
        schemas.setdefault(event_type, []).append((tuple(map(int, version.split("."))), path))
    for model in contract.events:
        newest, _ = max(schemas.get(model.event_type, [((0, 0), "")]))
        if newest > tuple(map(int, model.version.split("."))):
            what = f"{model.__name__} names version {model.version}, but a newer one is published"
            yield Finding(f"schemas/{schema_path(model)}", what, "versions only go up")
    for versions in schemas.values():
        for (older, older_path), (newer, newer_path) in combinations(sorted(versions), 2):
            before, after = published.intact(folder, older_path), published.intact(folder, newer_path)
            if older[0] == newer[0] and before is not None and after is not None:
                faults = breaks(json.loads(before), json.loads(after))
                if faults:
                    what = f"not compatible with {older_path}: {', '.join(faults)}"
                    yield Finding(f"schemas/{newer_path}", what, f'it has to be version "{older[0] + 1}.0"')


def _personal(contract: Contract) -> Iterator[Finding]:
    for model in contract.events:
        for place in free_text(schema_of(model)):
            remedy = "give it an enum, a closed pattern, a time or an id, or move it into data.personal"
            yield Finding(f"schemas/{schema_path(model)}", f"outside data.personal, {place}", remedy)


def _registry(contract: Contract) -> Iterator[Finding]:
    carried = Counter(event.event_type for topic in contract.topics for event in topic.events)
    for model in contract.events:
        if carried[model.event_type] != 1:
            what = f"{model.event_type} stands in {carried[model.event_type]} topics"
            yield Finding(REGISTRY, what, "put each event class into exactly one topic")
    for name, count in Counter(topic.name for topic in contract.topics).items():
        if count > 1:
            yield Finding(REGISTRY, f"two topics are called {name}", "rename one")
    for topic in contract.topics:
        if not topic.events or not topic.writers or not (topic.readers or topic.followers):
            yield Finding(
                REGISTRY, f"{topic.name} has no event, no writer or no reader", "name them, or drop the topic"
            )


def _partitions(contract: Contract, published: Published) -> Iterator[Finding]:
    for topic in contract.topics:
        if topic.partitions != (1 if topic.compacted else PARTITIONS):
            what = f"{topic.name} has {topic.partitions} partitions, and so have its dead letters"
            remedy = f"keyed topics have {PARTITIONS}, so that a key has one number everywhere; compacted ones have 1"
            yield Finding(REGISTRY, what, remedy)
        if published.partitions.get(topic.name, topic.partitions) != topic.partitions:
            what = f"{topic.name} had {published.partitions[topic.name]} partitions when it was published"
            yield Finding(REGISTRY, what, "partition counts never change")
        if topic.name not in published.partitions:
            yield Finding(PUBLISHED, f"topic {topic.name} is not published", GENERATE)
    for name in sorted(published.partitions.keys() - {topic.name for topic in contract.topics}):
        yield Finding(PUBLISHED, f"{name} is no topic of the registry", f"retire it: remove its line, {CHANGELOG}")


def _samples(folder: Path, contract: Contract) -> Iterator[Finding]:
    known = {model.event_type for model in contract.events}
    for event_type in sorted(contract.samples.keys() - known):
        yield Finding("samples.py", f"{event_type} is no event", "remove its samples")
    for event_type in sorted(known):
        if not contract.samples.get(event_type):
            yield Finding("samples.py", f"{event_type} has no sample", "add one")
    for kind in ("schemas", "examples"):
        for found in sorted((folder / kind).iterdir() if (folder / kind).exists() else ()):
            if found.is_dir() and found.name not in known:
                remedy = f"retire it: remove the folder and its lines in {PUBLISHED}, {CHANGELOG}"
                yield Finding(f"{kind}/{found.name}", "belongs to no event", remedy)


def _examples(folder: Path, contract: Contract, published: Published) -> Iterator[Finding]:
    known = {model.event_type: model for model in contract.events}
    wanted = examples(contract)
    for path in sorted(wanted):
        if not (folder / path).exists() or (folder / path).read_bytes() != wanted[path]:
            yield Finding(path, "missing or stale", GENERATE)
    for file in sorted((folder / "examples").glob("*/*")):
        path = file.relative_to(folder).as_posix()
        model = known.get(file.parent.name)
        fault = _fault_of_example(folder, path, known, published)
        if fault is None and path not in wanted and model is not None and model.version == _version_of(path):
            fault = "no sample builds it"
        if fault is not None:
            remedy = "repair the sample" if path in wanted else "remove the file"
            yield Finding(path, fault, f"{remedy} and {GENERATE}")


def _version_of(path: str) -> str | None:
    """`examples/ticket.opened/sealed.1.0.json` to `1.0`; None for another form of name."""
    match = re.fullmatch(r"examples/[a-z_.]+/[a-z0-9-]+\.([0-9]+\.[0-9]+)\.json", path)
    return match and match[1]


def _fault_of_example(
    folder: Path, path: str, known: Mapping[str, type[EventData]], published: Published
) -> str | None:
    """What is wrong with a committed example: it must fit the schema it names, and today's models must read it."""
    content = (folder / path).read_bytes()
    event_type, version = path.split("/")[1], _version_of(path)
    if version is None:
        return "not named like an example, case.major.minor.json"
    schema = published.intact(folder, f"{event_type}/{version}.json")
    if schema is None:
        return f"version {version} of {event_type} is not published"
    try:
        document: Any = json.loads(content)
        jsonschema.Draft202012Validator(json.loads(schema)).validate(document)
        if event_type in known and known[event_type].version.split(".")[0] == version.split(".")[0]:
            parse_event(content, dict(known))
    except json.JSONDecodeError:
        return "not JSON"
    except jsonschema.ValidationError as error:
        return f"does not fit its schema at {error.json_path}: {error.validator}"
    except UnreadableEvent as error:
        return f"today's models do not read it: {error}"
    return None


def _formats(folder: Path, contract: Contract) -> Iterator[Finding]:
    wanted = formats(contract)
    for path, content in wanted.items():
        if not (folder / path).exists() or (folder / path).read_bytes() != content:
            yield Finding(path, "missing or stale", GENERATE)
    for file in sorted((folder / "formats").glob("*")):
        if f"formats/{file.name}" not in wanted:
            yield Finding(f"formats/{file.name}", "belongs to no format", "remove the file")


def _asyncapi(folder: Path, contract: Contract) -> Iterator[Finding]:
    file = folder / ASYNCAPI
    if not file.exists() or file.read_bytes() != asyncapi(contract):
        yield Finding(ASYNCAPI, "missing or stale", GENERATE)
