"""Every error as a problem document (RFC 9457): a code, a title, a sentence in Czech, and nothing of what was sent."""

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.mongo import AWAY
from kit.object_store import ObjectMissing, StoreAway
from tickets.cases.keeping import DatabaseAway

MEDIA_TYPE = "application/problem+json"
LARGEST_BODY = 1_000_000

logger = logging.getLogger(__name__)


class Problem(Exception):
    """Ends a request with a problem document. `code` names the kind; `detail` is for people and repeats no input."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail
        self.headers, self.members = headers, members


_TITLES = {
    400: "Požadavku nerozumíme",
    401: "Přihlaste se",
    403: "K tomu nemáte oprávnění",
    404: "Nenalezeno",
    405: "Tohle zde nejde",
    409: "V tomto stavu to nejde",
    412: "Mezitím se to změnilo",
    413: "Příliš velké",
    422: "Údaje nejsou v pořádku",
    428: "Chybí verze",
    500: "Chyba na naší straně",
    503: "Zkuste to za chvíli",
}

_BY_STATUS = {
    404: ("not-found", "Nic takového tu není, nebo to není pro vás."),
    405: ("method-not-allowed", "Tato adresa takovou metodu nezná."),
    413: ("too-large", "Požadavek je větší než 1 MB. Zkraťte prosím text."),
}

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "`urn:helpdesk:problem:` and the problem's code."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "faults": {
            "type": "array",
            "description": "With `invalid`: which fields, and what kind of fault.",
            "items": {"type": "object", "properties": {"field": {"type": "string"}, "fault": {"type": "string"}}},
        },
    },
}


def answer(problem: Problem) -> Response:
    """The problem as a response."""
    document = {
        "type": f"urn:helpdesk:problem:{problem.code}",
        "title": _TITLES.get(problem.status, "Chyba"),
        "status": problem.status,
        "detail": problem.detail,
        **problem.members,
    }
    return Response(orjson.dumps(document), problem.status, dict(problem.headers or {}), MEDIA_TYPE)


def away(dependency: str) -> Problem:
    """Something that the request needs does not answer."""
    logger.warning("request_refused", extra={"dependency": dependency})
    detail = "Část systému teď neodpovídá. Zkuste to prosím za chvíli znovu."
    return Problem(503, "dependency-away", detail, headers={"Retry-After": "5"})


def faults_of(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Fields and kinds of faults. The name of a field that does not exist was made up by the sender, so it is not told."""
    faults = []
    for error in errors[:20]:
        place = [str(step) for step in error["loc"]]
        if error["type"] == "extra_forbidden":
            place = [*place[:-1], "…"]
        faults.append({"field": ".".join(place)[:100], "fault": str(error["type"])})
    return faults


def handle_problems(app: FastAPI) -> None:
    """Makes every error of the application a problem document."""

    async def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 - registered for this class only
        if error.status == 403:
            about = {"actor": request.state.staff.id, "method": request.method, "path": request.url.path}
            logger.warning("action_refused", extra={"reason": error.code, **about})
        return answer(error)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        detail = "Opravte prosím vyjmenovaná pole a pošlete požadavek znovu."
        return answer(Problem(422, "invalid", detail, faults=faults_of(error.errors())))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        code, detail = _BY_STATUS.get(error.status_code, ("refused", "Požadavek nelze vyřídit."))
        headers = _allowed(app, request.url.path) if error.status_code == 405 else error.headers
        return answer(Problem(error.status_code, code, detail, headers=headers))

    async def database_away(_: Request, __: Exception) -> Response:
        return answer(away("mongodb"))

    async def store_away(_: Request, __: Exception) -> Response:
        return answer(away("object-store"))

    async def object_missing(_: Request, __: Exception) -> Response:
        return answer(Problem(404, "not-found", "Soubor v úložišti není."))

    async def unexpected(_: Request, error: Exception) -> Response:
        logger.error("request_failed", exc_info=error)
        return answer(Problem(500, "unexpected", "Stala se chyba, o které víme. Zkuste to prosím později."))

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(DatabaseAway, database_away)
    for kind in AWAY:
        app.add_exception_handler(kind, database_away)
    app.add_exception_handler(StoreAway, store_away)
    app.add_exception_handler(ObjectMissing, object_missing)
    app.add_exception_handler(Exception, unexpected)


def _allowed(app: FastAPI, path: str) -> dict[str, str]:
    """Every method that an address knows; the router tells only those of the route that it looked at first."""
    methods = {
        method.upper()
        for template, operations in app.openapi()["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
        for method in operations
    }
    return {"Allow": ", ".join(sorted(methods))} if methods else {"Allow": "GET"}


class BodyLimit:
    """Refuses bodies that are too large before they are read whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared[:18]) > LARGEST_BODY:
            await _too_large()(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST_BODY:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)


def _too_large() -> Response:
    return answer(Problem(413, *_BY_STATUS[413], headers={"Connection": "close"}))
