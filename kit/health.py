"""Health: a small HTTP server with /live, /ready and /metrics, and /resume for a reader that paused itself.

Live says that the process should not be restarted; ready looks at progress: a reader that stands still is not ready, but a
restart would not help it while the broker is away.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from kit.settings import host_and_port

Check = Callable[[], str | None]
"""None when fine, else the impersonal reason."""

logger = logging.getLogger(__name__)


class HealthServer:
    """Serves in its own thread. `ready` and `live` name the checks; `resume` is called by POST /resume."""

    def __init__(
        self,
        listen: str,
        *,
        ready: Mapping[str, Check],
        live: Mapping[str, Check] | None = None,
        resume: Callable[[], None] | None = None,
    ) -> None:
        self._server = ThreadingHTTPServer(host_and_port(listen), _handler(ready, live or {}, resume))
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    def __enter__(self) -> "HealthServer":
        self._thread.start()
        logger.info("health_listening", extra={"port": self.port})
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def failing(checks: Mapping[str, Check]) -> dict[str, str]:
    """The checks that fail with their reasons; a check that raises fails with its exception's class."""
    reasons = {}
    for name, check in checks.items():
        try:
            reason = check()
        except Exception as error:
            reason = type(error).__name__
        if reason is not None:
            reasons[name] = reason
    return reasons


def _handler(
    ready: Mapping[str, Check], live: Mapping[str, Check], resume: Callable[[], None] | None
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # Of the standard library: after so many seconds of silence its thread ends.
        timeout = 10

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, generate_latest(), CONTENT_TYPE_LATEST)
            elif self.path in ("/live", "/ready"):
                reasons = failing(ready if self.path == "/ready" else live)
                body = {"status": "failing" if reasons else "ok", "reasons": reasons}
                self._answer(503 if reasons else 200, orjson.dumps(body), "application/json")
            else:
                self._answer(404, b"", "text/plain")

        def do_POST(self) -> None:
            if self.path == "/resume" and resume is not None:
                resume()
                self._answer(202, b"", "text/plain")
            else:
                self._answer(404, b"", "text/plain")

        def _answer(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Probes come every few seconds: not logged."""

    return Handler
