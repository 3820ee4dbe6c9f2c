"""The examples of docs/api.md fit the API: paths, methods, parameters and bodies, compared with its OpenAPI document."""

import json
import re
import shlex
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import jsonschema
import pytest

from tickets.api import create
from tickets.staff.desk import Desk

from .statements import PROJECT

OPENAPI: dict[str, Any] = create(cast(Desk, SimpleNamespace(tokens=None))).openapi()


@dataclass(frozen=True)
class Example:
    """One request that a page shows."""

    method: str
    path: str
    parameters: frozenset[str] = frozenset()
    body: str | None = None


def examples(page: str) -> list[Example]:
    """Every `curl … $API/…` of a page's shell blocks."""
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL)).replace("\\\n", " ")
    return [_example(line) for line in blocks.splitlines() if "curl" in line and "$API/" in line]


def _example(line: str) -> Example:
    command = re.sub(r"^\w+=\$\(|\s\|.*", "", line)
    words = shlex.split(command, comments=True)
    path, _, query = next(word for word in words if word.startswith("$API")).partition("?")
    encoded = [words[index + 1] for index, word in enumerate(words) if word == "--data-urlencode"]
    names = {pair.partition("=")[0] for pair in (*query.split("&"), *encoded) if pair}
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    body = words[words.index("-d") + 1] if "-d" in words else None
    return Example(method.lower(), path.replace("$API", "/api/v1").rstrip(")"), frozenset(names), body)


def faults(example: Example, openapi: dict[str, Any]) -> list[str]:
    """What of the example the API does not have."""
    operation = next(
        (
            methods[example.method]
            for template, methods in openapi["paths"].items()
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), example.path) and example.method in methods
        ),
        None,
    )
    if operation is None:
        return [f"no {example.method} {example.path}"]
    known = {parameter["name"] for parameter in operation.get("parameters", ())}
    unknown = [f"no parameter {name}" for name in sorted(example.parameters - known)]
    if example.body is None:
        return unknown
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    checker = jsonschema.Draft202012Validator({**schema, "components": openapi["components"]})
    return [*unknown, *(error.message for error in checker.iter_errors(json.loads(example.body)))]


EXAMPLES = examples((PROJECT / "docs/api.md").read_text())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.method} {example.path}")
def test_an_example_fits_the_api(example: Example) -> None:
    assert faults(example, OPENAPI) == []


def test_the_page_shows_reading_and_changing() -> None:
    assert {example.method for example in EXAMPLES} == {"get", "post"}
    assert sum(example.body is not None for example in EXAMPLES) >= 5


@pytest.mark.parametrize(
    "line",
    [
        "curl $API/ticket",
        "curl -X DELETE $API/tickets/$TICKET",
        'curl "$API/tickets?states=assigned"',
        'curl -G $API/tickets --data-urlencode "query=lampa"',
        """curl -X POST $API/tickets -d '{"words": "x"}'""",
        """curl -X POST $API/tickets/$TICKET/state -d '{"state": "done"}'""",
    ],
)
def test_an_example_that_does_not_fit_is_found(line: str) -> None:
    (example,) = examples(f"```sh\n{line}\n```")
    assert faults(example, OPENAPI) != []
