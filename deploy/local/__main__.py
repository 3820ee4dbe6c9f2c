"""The whole system on one machine, without containers.

KAFKA_BOOTSTRAP, MONGODB_URI, S3_ENDPOINT (with S3_ACCESS_KEY and S3_SECRET_KEY) and SMTP_RELAY in the environment point at
servers that you already have; those are not started.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.local import commands
from deploy.local.places import HOME, Places
from deploy.local.ports import Ports
from deploy.local.programs import StartFailed
from deploy.local.status import status
from deploy.local.story import run


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    places = Places(options.root.resolve())

    def ports() -> Ports:
        return Ports.free() if options.free_ports else Ports()

    known: dict[str, Callable[[], int]] = {
        "up": lambda: commands.up(places, free_ports=options.free_ports),
        "down": lambda: commands.down(places),
        "run": lambda: run(places, ports()),
        "status": lambda: status(places),
        "reset": lambda: commands.reset(places),
        "restore": lambda: commands.restore(places, options.folder, other_keys=options.other_keys),
        "setup": commands.setup,
        "servers": lambda: commands.serve_servers(options.directory, options.brokers),
        "supervise": lambda: commands.supervise_in_background(places, ports()),
    }
    try:
        status_code = known[options.command]()
        sys.stdout.flush()
        return status_code
    except StartFailed as problem:
        print(problem, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Who reads, as `head` does, has seen enough. Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--root", type=Path, default=HOME.root, help="where everything is kept (default: .local)")
    listed = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    starts = {
        "up": "start everything in the background; returns when it is ready",
        "run": "start everything, hand in a sample report and tell its way; Ctrl-C stops",
        "supervise": "what `up` starts in the background: everything, until SIGTERM",
    }
    for name, purpose in starts.items():
        start = listed.add_parser(name, help=purpose)
        start.add_argument("--free-ports", action="store_true", help="any free ports instead of those in the README")
    listed.add_parser("down", help="stop everything")
    listed.add_parser("status", help="what runs, lag, dead letters")
    listed.add_parser("reset", help="forget all data (stops everything first)")
    restore = listed.add_parser("restore", help="fill an empty, stopped system from a backup")
    restore.add_argument("folder", type=Path, help="what `make backup` made")
    restore.add_argument("--other-keys", action="store_true", help="although the keys of that time are lost")
    listed.add_parser("setup", help="get the Java servers")
    servers = listed.add_parser(
        "servers", help="a private set of servers on free ports, until SIGTERM; prints their environment"
    )
    servers.add_argument("directory", type=Path, help="where they keep their data and logs")
    servers.add_argument("--brokers", type=int, default=1, help="number of Kafka brokers (default: 1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
