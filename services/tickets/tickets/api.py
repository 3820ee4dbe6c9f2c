"""The staff API's edge: tokens first, then routes; served by uvicorn beside the thread that follows the packs."""

import logging
import threading
import time

import uvicorn
from anyio.to_thread import run_sync
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit import mongo
from kit.clamd import scanner
from kit.health import HealthServer
from kit.mongo import AWAY
from kit.object_store import S3ObjectStore
from kit.settings import host_and_port
from kit.stopping import run_parts, until_signal
from tickets import wiring
from tickets.cases.permissions import Staff
from tickets.connections import guarded
from tickets.settings import Settings
from tickets.staff import changing, problems, reading
from tickets.staff.desk import Desk
from tickets.staff.problems import BodyLimit, Problem
from tickets.staff.queries import Queries
from tickets.staff.tokens import StaffTokens
from tickets.store import MongoStore

OPEN_PATHS = frozenset({"/docs", "/docs/oauth2-redirect", "/openapi.json"})
# The scripts of the documentation come from here: an office without internet reads it too.
DOCUMENTATION_FILES = "/docs/files"
KNOWN_SECONDS = 1.0
_MOST_KNOWN = 10_000
_LONGEST_TOKEN = 200
_EVERYWHERE = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    # Browsers heed it over TLS only, which is the proxy's.
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_NOTHING_RUNS = b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
# The page's own start is a script within it.
_OF_THE_PAGE = (
    b"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_SAFE_HEADERS = [*_EVERYWHERE, (b"cache-control", b"no-store"), (b"content-security-policy", _NOTHING_RUNS)]
_PAGE_HEADERS = [*_EVERYWHERE, (b"content-security-policy", _OF_THE_PAGE)]

logger = logging.getLogger(__name__)

DESCRIPTION = """Podněty města: čtení, odpovědi, předávání, třídění, stavy.

Every request needs a staff token (`Authorization: Bearer …`). Changes need `If-Match` with the ticket's `ETag`, creations may
carry an `Idempotency-Key`. Errors are problem documents (RFC 9457)."""


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(f"{DOCUMENTATION_FILES}/")


def _with(headers: list[tuple[bytes, bytes]], send: Send) -> Send:
    """Adds the headers that an answer does not have of its own."""

    async def safely(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            message["headers"] += [header for header in headers if header[0] not in present]
        await send(message)

    return safely


class Authentication:
    """Nothing is readable without a token, not even which paths there are.

    A token that was good is taken as good for another second, because programs ask hundreds of times a second.
    """

    def __init__(self, app: ASGIApp, tokens: StaffTokens) -> None:
        self._app, self._tokens = app, tokens
        self._known: dict[str, tuple[Staff, float]] = {}

    async def _staff(self, token: str) -> Staff | None:
        staff, until = self._known.get(token, (None, 0.0))
        if staff is not None and time.monotonic() < until:
            return staff
        staff = await run_sync(self._tokens.staff, token)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        if staff is not None:
            self._known[token] = (staff, time.monotonic() + KNOWN_SECONDS)
        return staff

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _is_open(scope["path"]):
            await self._app(scope, receive, _with(_PAGE_HEADERS, send))
            return
        safely = _with(_SAFE_HEADERS, send)
        scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
        staff = None
        if scheme.lower() == "bearer" and 0 < len(token.strip()) <= _LONGEST_TOKEN:
            try:
                staff = await self._staff(token.strip())
            except AWAY:
                await problems.answer(problems.away("mongodb"))(scope, receive, safely)
                return
        if staff is None:
            logger.warning("token_refused", extra={"reason": "unknown" if token else "none", "method": scope["method"]})
            detail = "Pošlete prosím platný token v hlavičce Authorization: Bearer."
            refused = Problem(401, "no-token", detail, headers={"WWW-Authenticate": "Bearer"})
            await problems.answer(refused)(scope, receive, safely)
            return
        scope.setdefault("state", {})["staff"] = staff
        await self._app(scope, receive, safely)


def create(desk: Desk) -> FastAPI:
    """The application; it connects to nothing by itself."""
    app = FastAPIOffline(
        title="Městský helpdesk: rozhraní pro úředníky",
        version="1",
        description=DESCRIPTION,
        redoc_url=None,
        static_url=DOCUMENTATION_FILES,
        redirect_slashes=False,
    )
    problems.handle_problems(app)
    app.include_router(reading.routes(desk))
    app.include_router(changing.routes(desk))
    app.add_middleware(BodyLimit)
    app.add_middleware(Authentication, tokens=desk.tokens)
    return app


def serve(settings: Settings) -> int:
    """Serves until SIGTERM; returns the exit code."""
    stop = until_signal()
    own, towns = wiring.database(settings), wiring.rulesets(settings)
    clock = mongo.ServerClock(own)
    desk = Desk(
        store=MongoStore(own, clock),
        queries=Queries(own),
        tokens=wiring.staff_tokens(settings, own, clock),
        towns=towns.town,
        objects=S3ObjectStore.connect(settings),
        clock=clock,
        scan=scanner(settings),
    )
    host, port = host_and_port(settings.api_listen)
    config = uvicorn.Config(
        create(desk),
        host=host,
        port=port,
        http=guarded(settings.api_connections, settings.api_request_seconds),
        log_config=None,
        access_log=False,
        server_header=False,
        # Nothing here depends on where a request comes from, so nobody's word for it is taken.
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)

    def listen(stopping: threading.Event) -> None:
        def end() -> None:
            stopping.wait()
            server.should_exit = True

        if towns.wait(stopping) and clock.wait(stopping):
            threading.Thread(target=end, daemon=True).start()
            server.run()

    ready = {
        "database": lambda: mongo.check(own),
        "rulesets": towns.check,
        "http": lambda: None if server.started else "not-listening",
    }
    with HealthServer(settings.health_listen, ready=ready):
        return run_parts({"time": clock.run, "rulesets": towns.run, "http": listen}, stop)
