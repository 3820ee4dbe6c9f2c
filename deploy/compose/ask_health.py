"""Asks the service in this container how it is: `python -m deploy.compose.ask_health /ready`; the exit code is the answer."""

import http.client
import os
import sys


def main(path: str) -> int:
    """0 where `path` answers 200, else 1."""
    port = int(os.environ["HEALTH_LISTEN"].rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", path)
        return 0 if connection.getresponse().status == 200 else 1
    except OSError:
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
