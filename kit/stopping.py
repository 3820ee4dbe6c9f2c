"""Start and graceful stop: a signal asks, the parts finish what they have in hand; a part that fails ends the process."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping

logger = logging.getLogger(__name__)

Part = Callable[[threading.Event], None]
"""Runs until the event is set."""


def until_signal() -> threading.Event:
    """An event that SIGTERM and SIGINT set. Call it in the main thread, once."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def run_parts(parts: Mapping[str, Part], stop: threading.Event, *, patience: float = 20) -> int:
    """Runs each part in a thread until `stop`; returns the process's exit code.

    A part that raises stops the others: half a service would look alive and do nothing. After `patience` seconds the process
    ends hard; whatever was in hand is repeated after the restart.
    """
    failed: list[str] = []

    def run(name: str, part: Part) -> None:
        try:
            part(stop)
        except BaseException:
            logger.critical("part_failed", extra={"reason": name}, exc_info=True)
            failed.append(name)
        finally:
            # A part that returned early is as much of a failure as one that raised.
            if not stop.is_set() and name not in failed:
                failed.append(name)
            stop.set()

    threads = [threading.Thread(target=run, args=item, name=item[0], daemon=True) for item in parts.items()]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join(timeout=patience)
    if any(thread.is_alive() for thread in threads):
        logger.critical("part_did_not_stop", extra={"count": sum(thread.is_alive() for thread in threads)})
        os._exit(1)
    return 1 if failed else 0
