"""Packs by hand: `new` makes a town's own, `check` one before it is loaded, `diff` two; `schema` after the models changed."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from packs.check import check, load
from packs.differences import differences
from packs.findings import PackError
from packs.new import new
from packs.schemas import schemas

PACKS = Path(__file__).parent
SCHEMA_FOLDER = PACKS / "schema"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: fine; 1: findings, one a line as `file:line: reason — remedy`, or differences; 2: wrong use."""
    parser = argparse.ArgumentParser(prog="python -m packs", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="say what is wrong with a pack")
    checking.add_argument("path", type=Path, help="the pack's folder, packs/lipovany")
    founding = commands.add_parser("new", help="make a town's own pack from ten answers")
    founding.add_argument("name", help="the town's slug: lower-case letters without diacritics, digits, hyphens")
    founding.add_argument("--in", dest="folder", type=Path, default=PACKS, help="where the packs lie (default: packs)")
    founding.add_argument("--on", dest="below", default="cz-town", help="the layer below (default: cz-town)")
    founding.add_argument("--answers", type=Path, help="a YAML file of the ten answers, instead of asking")
    comparing = commands.add_parser(
        "diff", help="say what differs between two packs, layers and all; exit code 1 where they do"
    )
    comparing.add_argument("before", type=Path, help="a pack's folder")
    comparing.add_argument("after", type=Path, help="another pack's folder")
    making = commands.add_parser("schema", help="write the JSON Schemas of the packs' files to packs/schema/")
    making.add_argument("--check", action="store_true", help="write nothing, fail where the committed ones differ")
    parsed = parser.parse_args(arguments)
    if parsed.command == "new":
        return new(parsed.folder, parsed.name, parsed.below, parsed.answers)
    if parsed.command == "diff":
        return _diff(parsed.before, parsed.after)
    return _check(parsed.path) if parsed.command == "check" else _schema(only_check=parsed.check)


def _diff(before: Path, after: Path) -> int:
    try:
        found = differences(load(before), load(after))
    except PackError as error:
        print(error, file=sys.stderr)
        return 2
    for difference in found:
        print(difference)
    return 1 if found else 0


def _check(path: Path) -> int:
    if not path.is_dir():
        print(f"{path}: no such folder — name the folder of a pack", file=sys.stderr)
        return 2
    findings = check(path)
    for finding in findings:
        print(finding)
    print(f"{path}: {len(findings)} findings" if findings else f"{path}: fine")
    return 1 if findings else 0


def _schema(*, only_check: bool) -> int:
    differing = [name for name, content in schemas().items() if _committed(name) != content]
    if only_check:
        for name in differing:
            print(f"packs/schema/{name}: differs from the models — run `python -m packs schema`")
        return 1 if differing else 0
    SCHEMA_FOLDER.mkdir(exist_ok=True)
    for name in differing:
        (SCHEMA_FOLDER / name).write_bytes(schemas()[name])
        print(f"packs/schema/{name}: written")
    return 0


def _committed(name: str) -> bytes | None:
    path = SCHEMA_FOLDER / name
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    raise SystemExit(main())
