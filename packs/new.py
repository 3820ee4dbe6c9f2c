"""`python -m packs new`: asks ten questions, in Czech, and writes a town's own layer."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from packs.base import FORMS, SLUG
from packs.check import check
from packs.findings import PackError
from packs.founding import QUESTIONS, Ground, Refused, first_layer, read_answers
from packs.layers import lay_over, read_layers

NEXT = """Hotovo: {folder}

Co dál:
  python -m packs check {folder}
  PACK={folder} make up      # vlastní helpdesk na tomto stroji; pošta jde na {email}
Ulice, části města a kontakty doplníte v {folder}/gazetteer.yaml a bodies.yaml; kdykoli znovu načtete:
  python -m tickets pack load {folder}
"""


def new(
    packs: Path,
    name: str,
    below: str,
    answers: Path | None,
    ask: Callable[[str], str] = input,
    tell: Callable[[str], None] = print,
) -> int:
    """Exit code 0: written and fine; 1: an answer or the finished pack is not in order; 2: wrong use."""
    folder = packs / name
    if not re.match(SLUG, name):
        tell(f"{name}: not {FORMS[SLUG]}")
        return 2
    if folder.exists():
        tell(f"{folder}: there is something already — choose another name, or change the files there")
        return 2
    try:
        ground = ground_of(packs / below)
        given = read_answers(_told(answers), ground) if answers is not None else asked(ground, ask, tell)
    except (Refused, PackError) as refused:
        tell(str(refused))
        return 1
    except (EOFError, KeyboardInterrupt):
        tell("\nNic se nezapsalo.")
        return 1
    folder.mkdir()
    for file, content in first_layer(name, below, given, ground).items():
        (folder / file).write_text(content, encoding="utf-8")
    findings = check(folder)
    for finding in findings:
        tell(str(finding))
    tell(NEXT.format(folder=folder, email=given["email"]))
    return 1 if findings else 0


def ground_of(folder: Path) -> Ground:
    """What the layer below knows. Raises PackError."""
    layers, findings = read_layers(folder)
    if findings:
        raise PackError(findings)
    document = lay_over(layers).plain
    names = [{thing["slug"]: thing["name"] for thing in document.get(part, [])} for part in ("roles", "body_types")]
    return Ground(*names)


def asked(ground: Ground, ask: Callable[[str], str], tell: Callable[[str], None]) -> Mapping[str, Any]:
    """The answers of somebody at the keyboard; what cannot be taken is asked again."""
    given = {}
    for number, question in enumerate(QUESTIONS, 1):
        while question.key not in given:
            try:
                given[question.key] = question.read(
                    ask(f"{number}/{len(QUESTIONS)} {question.ask}\n> ").strip() or question.usual, ground
                )
            except Refused as refused:
                tell(str(refused))
    return given


def _told(file: Path) -> Mapping[str, str]:
    try:
        told = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Refused(f"{file}: {type(error).__name__}") from None
    if not isinstance(told, dict):
        raise Refused(f"{file}: čekám klíče {', '.join(question.key for question in QUESTIONS)}")
    unknown = sorted(map(str, told.keys() - {question.key for question in QUESTIONS}))
    if unknown:
        raise Refused(f"{file}: neznámé klíče {', '.join(unknown)}")
    return {key: str(value) for key, value in told.items() if value is not None}
