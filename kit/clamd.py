"""Asks a ClamAV daemon whether a file is harmful, over its own protocol (clamd(8), INSTREAM). Without a daemon nothing is scanned, and said so.

A daemon that is away holds nobody up: after one wait it is not asked again for a moment.
"""

import hashlib
import logging
import re
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from kit import metrics
from kit.settings import ScannerSettings, host_and_port
from kit.verdicts import Clean, Infected, NotScanned, Scan, Verdict, Why, unscanned

REMEMBERED = 1_000
REMEMBERED_SECONDS = 600.0
"""So long a verdict holds; signatures change several times a day."""
LEFT_ALONE_SECONDS = 10.0
_PIECE = 65_536
_LONGEST_ANSWER = 4_096
_SIGNATURE = re.compile(r"[A-Za-z0-9._:/{}()-]{1,100}")

logger = logging.getLogger(__name__)


def scanner(settings: ScannerSettings) -> Scan:
    """What the settings name; nothing is connected yet."""
    return Clamd(settings.clamd, settings.clamd_seconds).scan if settings.clamd else unscanned


class Clamd:
    """The daemon at `place` (host:port, or the path of its socket); may be used by many threads. `clock` gives seconds."""

    def __init__(self, place: str, seconds: float = 15, clock: Callable[[], float] = time.monotonic) -> None:
        self._place, self._seconds, self._clock = place, seconds, clock
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, tuple[float, Verdict]] = OrderedDict()
        self._ask_from = float("-inf")

    def scan(self, content: bytes) -> Verdict:
        """The verdict on these bytes, within the given seconds; what it said of the same bytes lately holds."""
        digest = hashlib.sha256(content).digest()
        verdict = self._remembered(digest)
        if verdict is None:
            verdict = self._asked(content)
            self._remember(digest, verdict)
        metrics.SCANS.labels(_outcome(verdict)).inc()
        return verdict

    def _remembered(self, digest: bytes) -> Verdict | None:
        with self._lock:
            now = self._clock()
            until, verdict = self._known.get(digest, (now, None))
            if verdict is not None and now < until:
                return verdict
            return NotScanned(Why.AWAY) if now < self._ask_from else None

    def _remember(self, digest: bytes, verdict: Verdict) -> None:
        with self._lock:
            now = self._clock()
            if verdict == NotScanned(Why.AWAY):
                self._ask_from = now + LEFT_ALONE_SECONDS
            elif not isinstance(verdict, NotScanned):
                self._known[digest] = now + REMEMBERED_SECONDS, verdict
                self._known.move_to_end(digest)
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)

    def _asked(self, content: bytes) -> Verdict:
        try:
            answer = self._answer(content, time.monotonic() + self._seconds)
        except OSError as error:
            logger.warning("scanner_away", extra={"error": type(error).__name__})
            return NotScanned(Why.AWAY)
        verdict = understood(answer)
        if isinstance(verdict, NotScanned):
            logger.warning("file_not_scanned", extra={"reason": verdict.why.value, "size": len(content)})
        return verdict

    def _answer(self, content: bytes, until: float) -> bytes:
        """Raises OSError, of which TimeoutError is one."""
        with self._connected(until) as connection:
            # It says that a file is too large and closes while we are still sending; then its answer lies here already.
            with suppress(BrokenPipeError, ConnectionResetError):
                self._send(connection, content, until)
            answer = b""
            while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
                connection.settimeout(_left(until))
                piece = connection.recv(_LONGEST_ANSWER)
                if not piece:
                    break
                answer += piece
            return answer

    def _connected(self, until: float) -> socket.socket:
        if self._place.startswith("/"):
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.settimeout(_left(until))
                connection.connect(self._place)
            except OSError:
                connection.close()
                raise
            return connection
        return socket.create_connection(host_and_port(self._place), timeout=min(2.0, _left(until)))

    def _send(self, connection: socket.socket, content: bytes, until: float) -> None:
        pieces = memoryview(content)
        connection.settimeout(_left(until))
        connection.sendall(b"zINSTREAM\0")
        for place in range(0, len(content), _PIECE):
            piece = pieces[place : place + _PIECE]
            connection.settimeout(_left(until))
            connection.sendall(len(piece).to_bytes(4, "big") + piece)
        connection.settimeout(_left(until))
        connection.sendall(bytes(4))


def understood(answer: bytes) -> Verdict:
    """What an answer of clamd means. A name that is not one of a signature is not repeated."""
    text = answer.rstrip(b"\0\r\n").decode("ascii", "replace")
    if text == "stream: OK":
        return Clean()
    if text.startswith("stream: ") and text.endswith(" FOUND"):
        signature = text.removeprefix("stream: ").removesuffix(" FOUND")
        return Infected(signature if _SIGNATURE.fullmatch(signature) else "unnamed")
    if text.endswith("ERROR"):
        return NotScanned(Why.TOO_LARGE if "size limit exceeded" in text else Why.FAILED)
    return NotScanned(Why.AWAY)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _outcome(verdict: Verdict) -> str:
    match verdict:
        case NotScanned(why):
            return why.value
        case Infected():
            return "infected"
        case Clean():
            return "clean"
