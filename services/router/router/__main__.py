"""`python -m router serve`: decides on opened cases until SIGTERM."""

import sys

from kit import logs
from kit.settings import argument_parser, arguments_or_help, load
from router import wiring
from router.settings import Settings


def main() -> int:
    """The command line; returns the exit code."""
    parser = argument_parser("router", __doc__ or "", Settings)
    parser.add_subparsers(dest="command").add_parser("serve", help="decide on opened cases until SIGTERM")
    arguments_or_help(parser)
    settings = load(Settings)
    logs.setup("router", settings.instance, settings.log_level)
    wiring.run(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
