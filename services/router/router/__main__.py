"""`python -m router serve` decides on opened cases; `decide` shows what it would make of a text, `classify` of many messages;
`compare` what another pack would, `learn` makes a candidate of people's corrections.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import packs
from kit import logs
from kit.partitions import BrokerAway
from kit.settings import argument_parser, arguments_or_help, load
from router import wiring
from router.classifying import BadLine, classified
from router.comparing import compared, told
from router.decision import Router
from router.learning import reading
from router.learning.candidate import LEAST_CASES, candidate_of
from router.learning.history import settled_cases, told_cases
from router.matter import CaseText
from router.model.stored import save, shipped
from router.places import importing
from router.settings import Settings


def _parser() -> argparse.ArgumentParser:
    parser = argument_parser("router", __doc__ or "", Settings)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="decide on opened cases until SIGTERM")
    trying = commands.add_parser(
        "decide", help="read a message's text from standard input and print the decision as JSON"
    )
    trying.add_argument("pack", type=Path, help="the pack's folder, packs/lipovany")
    trying.add_argument("--subject", default="", help="the message's subject")
    classify = commands.add_parser(
        "classify",
        help="read messages from standard input, a JSON object a line, and print a decision for each",
        description="Formats: contracts/formats/classify.message.json and classify.decision.json. A line that is no message "
        "is named on standard error, and the exit code is 1; the others are decided all the same.",
    )
    classify.add_argument("--pack", type=Path, required=True, help="the pack's folder, packs/lipovany")
    compare = commands.add_parser(
        "compare",
        help="read messages like classify, and say what another pack would decide otherwise, and why",
        description="Counts first, then the cases. Exit code 1 where a line was no message.",
    )
    compare.add_argument("--pack", type=Path, required=True, help="the pack that holds")
    compare.add_argument("--against", type=Path, required=True, help="the pack that might")
    compare.add_argument(
        "--last", type=int, metavar="N", help="instead of standard input: the town's last N real cases, from Kafka"
    )
    learn = commands.add_parser(
        "learn",
        help="make a candidate of the model that holds and of what people made of the town's cases, and say what it changes",
        description="Nothing holds that is not told to: `python -m tickets model load FILE`. No text of a case is written or kept.",
    )
    learn.add_argument("--pack", type=Path, required=True, help="the pack's folder, packs/lipovany")
    learn.add_argument("--out", type=Path, required=True, help="where the candidate is written")
    _add_gazetteer(commands)
    return parser


def _add_gazetteer(commands: Any) -> None:
    gazetteer = commands.add_parser("gazetteer", help="the town's places")
    taking = gazetteer.add_subparsers(dest="what", required=True).add_parser(
        "import",
        help="take RÚIAN's CSV of addresses, or boundaries as GeoJSON, into a pack",
        description="Writes addresses.yaml or outlines.yaml into the pack's folder, in place of what is there. Whatever is left "
        "out is named. Nothing is written where the file cannot be taken (exit code 1).",
    )
    taking.add_argument(
        "file", type=Path, help="as the state publishes it: ..._OB_554782_ADR.csv, or GeoJSON in WGS 84"
    )
    taking.add_argument("--pack", type=Path, required=True, help="the pack's folder, packs/lipovany")


def main() -> int:
    """The command line; returns the exit code. 1: what was asked cannot be done, and why is on standard error."""
    parsed = arguments_or_help(_parser())
    try:
        if parsed.command == "compare":
            return _compare(parsed.pack, parsed.against, parsed.last)
        if parsed.command == "learn":
            return _learn(parsed.pack, parsed.out)
        if parsed.command == "gazetteer":
            return _import(parsed.file, parsed.pack)
        if parsed.command == "classify":
            return _classify(parsed.pack)
        if parsed.command == "decide":
            return _decide(parsed.pack, parsed.subject, sys.stdin.read())
    except packs.PackError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokerAway:
        print("Kafka did not answer (KAFKA_BOOTSTRAP)", file=sys.stderr)
        return 1
    settings = load(Settings)
    logs.setup("router", settings.instance, settings.log_level)
    wiring.run(settings)
    return 0


def _compare(folder: Path, against: Path, last: int | None) -> int:
    before, after = Router(packs.load(folder), shipped()), Router(packs.load(against), shipped())
    messages = list(sys.stdin.buffer) if last is None else _last_cases(before.pack.town.slug, last)
    bad, pairs = 0, []
    for old, new in zip(classified(before, messages), classified(after, messages), strict=True):
        if isinstance(old, BadLine) or isinstance(new, BadLine):
            bad += 1
            print(old, file=sys.stderr)
        else:
            pairs.append((old, new))
    for line in told(compared(pairs)):
        print(line)
    return 1 if bad else 0


def _last_cases(municipality: str, count: int) -> list[bytes]:
    events = reading.town_events(load(Settings).kafka_bootstrap, municipality)
    return [message.model_dump_json().encode() for message in told_cases(events)[-count:]]


def _learn(folder: Path, file: Path) -> int:
    settings, pack = load(Settings), packs.load(folder)
    model = reading.holding_model(settings, pack.town.slug)
    if model is None:
        print("there is no model to go on from", file=sys.stderr)
        return 1
    cases = settled_cases(reading.town_events(settings.kafka_bootstrap, pack.town.slug))
    found = candidate_of(model, pack, cases)
    if found is None:
        print(
            f"{len(cases)} cases that people have settled: too few to learn from, {LEAST_CASES} are needed",
            file=sys.stderr,
        )
        return 1
    save(found.model, file)
    for line in found.report:
        print(line)
    print(f"{file}: holds as soon as you say so: python -m tickets model load {file}")
    return 0


def _classify(folder: Path) -> int:
    router = Router(packs.load(folder), shipped())
    bad = 0
    for found in classified(router, sys.stdin.buffer):
        if isinstance(found, BadLine):
            bad += 1
            print(found, file=sys.stderr)
        else:
            print(found.model_dump_json())
    return 1 if bad else 0


def _import(file: Path, folder: Path) -> int:
    geojson = file.suffix.lower() in (".json", ".geojson")
    try:
        pack, content = packs.load(folder), file.read_bytes()
        parts, left_out = importing.outlines(content, pack) if geojson else importing.addresses(content, pack)
    except (importing.ImportRefused, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for reason in left_out:
        print(f"left out: {reason}", file=sys.stderr)
    key = "outlines" if geojson else "addresses"
    (folder / f"{key}.yaml").write_text(importing.as_yaml(key, parts), encoding="utf-8")
    print(f"{folder / key}.yaml: {len(parts)} {'outlines' if geojson else 'streets'}, {len(left_out)} left out")
    return 0


def _decide(folder: Path, subject: str, text: str) -> int:
    decision = Router(packs.load(folder), shipped()).decide(CaseText(subject, text))
    print(json.dumps(dataclasses.asdict(decision), ensure_ascii=False, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
