"""The commands; `python -m deploy.local --help`."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from deploy.local.ports import Ports
from deploy.local.programs import StartFailed, Stopped
from deploy.local.system import LocalSystem


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local")
    commands = parser.add_subparsers(dest="command", required=True)
    s = commands.add_parser("servers")
    s.add_argument("directory", type=Path)
    s.add_argument("--brokers", type=int, default=1)
    options = parser.parse_args(arguments)
    return serve_servers(options.directory, options.brokers)


def serve_servers(directory: Path, brokers: int) -> int:
    """A private set of servers on free ports, until SIGTERM or SIGINT."""
    system = LocalSystem(
        directory, Ports.free(brokers), tell=lambda line: print(f"# {line}", file=sys.stderr, flush=True)
    )
    ended = threading.Event()

    def end(number: int, frame: object) -> None:
        ended.set()
        system.give_up()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with system:
        try:
            system.start_servers()
        except StartFailed as problem:
            print(problem, file=sys.stderr)
            return 1
        except Stopped:
            return 0
        for name, value in system.environment.items():
            print(f"export {name}={value}")
        sys.stdout.flush()
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
