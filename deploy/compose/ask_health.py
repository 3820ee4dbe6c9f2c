"""Asks the process in this container how it is: `python -m deploy.compose.ask_health /ready`; the exit code is the answer.

Nothing of the services is imported, because this runs every few seconds.
"""

import os
import sys
from urllib.request import urlopen

from deploy.compose import asked_address


def main() -> int:
    """0 where the path answers 200, else 1."""
    path = sys.argv[1] if len(sys.argv) > 1 else "/live"
    try:
        with urlopen(asked_address(os.environ["HEALTH_LISTEN"], path), timeout=4) as answer:  # noqa: S310 - our own port
            return 0 if answer.status == 200 else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
