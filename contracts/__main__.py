"""`python -m contracts generate` writes schemas, examples and the AsyncAPI document; `check` says what is wrong with them."""

import argparse
import sys
from pathlib import Path

from contracts.checks import check
from contracts.generate import whole_contract, write

FOLDER = Path(__file__).parent


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 where all is well, 1 where there are findings."""
    parser = argparse.ArgumentParser(prog="python -m contracts", description=__doc__)
    parser.add_argument("command", choices=("generate", "check"))
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where schemas and examples lie")
    options = parser.parse_args(arguments)
    if options.command == "generate":
        for path in write(options.folder, whole_contract()):
            print(f"written: {path}")
    findings = check(options.folder, whole_contract())
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
