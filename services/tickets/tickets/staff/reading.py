"""GET: tickets, their conversation and history, originals and attachments, reports."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.security import HTTPBearer

from kit.verdicts import Infected, NotScanned, Scan
from packs import Pack
from tickets.cases.permissions import Staff, sight_of
from tickets.staff import rendering
from tickets.staff.desk import Desk, not_found
from tickets.staff.explanations import ExplanationOut, WhyNotQuery
from tickets.staff.models import (
    CategoryList,
    HistoryPage,
    ListQuery,
    MeOut,
    MessagePage,
    PageQuery,
    ReportOut,
    TicketOut,
    TicketPage,
)
from tickets.staff.problems import MEDIA_TYPE, SCHEMA, Problem
from tickets.staff.queries import CursorRefused, Found

# What a browser may be told to be what it is; anything else is only bytes.
_SAFE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf", "text/plain"})
_BYTES = "application/octet-stream"

# Checked before any route is looked for (api.py); here for the documentation.
bearer = HTTPBearer(auto_error=False, description="A token made by `python -m tickets token create`.")


HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {
        "description": "The ticket's version, for `If-Match`.",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[1-9][0-9]*"$'},
    },
    "Location": {"description": "The new ticket.", "required": True, "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "The request had been done before; this is its answer again.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Content-Disposition": {
        "description": "Always an attachment, with the file's name (RFC 6266).",
        "required": True,
        "schema": {"type": "string", "pattern": "^attachment;"},
    },
    "X-Scan": {
        "description": "Whether a virus scanner found nothing in these bytes, or nobody looked.",
        "required": True,
        "schema": {"type": "string", "enum": ["clean", "not-scanned"]},
    },
}
_FURTHER: dict[int, dict[str, Any]] = {
    401: {"headers": {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}},
    503: {"headers": {"Retry-After": {"required": True, "schema": {"type": "string", "pattern": "^[0-9]+$"}}}},
}


def may_fail(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documents problems: those that every request may meet, and further ones."""
    return {
        status: {"description": "Problem", "content": {MEDIA_TYPE: {"schema": SCHEMA}}, **_FURTHER.get(status, {})}
        for status in sorted({401, 422, 500, 503, *statuses})
    }


def with_headers(status: int, *names: str) -> dict[int | str, dict[str, Any]]:
    """Documents the headers of a good answer."""
    return {status: {"headers": {name: HEADERS[name] for name in names}}}


_FILE_ANSWER = with_headers(200, "Content-Disposition", "X-Scan")
_FILE_ANSWER[200]["content"] = {kind: {} for kind in sorted({*_SAFE_TYPES, _BYTES})}


async def current_staff(request: Request) -> Staff:
    """Who asks. Not a plain function: FastAPI gives each of those a thread, which takes longer than asking."""
    staff: Staff = request.state.staff
    return staff


Asking = Annotated[Staff, Depends(current_staff)]


def as_json(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer, serialised once."""
    return Response(orjson.dumps(content), status, dict(headers or {}), "application/json")


def entity_tag(version: int) -> dict[str, str]:
    """The version as a header."""
    return {"ETag": f'"{version}"'}


def routes(desk: Desk) -> APIRouter:
    """The reading routes."""
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(bearer)])
    _tickets(router, desk)
    _conversation(router, desk)
    _reports(router, desk)
    _town(router, desk)
    return router


def _tickets(router: APIRouter, desk: Desk) -> None:
    @router.get("/tickets", response_model=TicketPage, responses=may_fail(), summary="List and search tickets")
    def list_tickets(staff: Asking, query: Annotated[ListQuery, Query()]) -> Response:
        at = desk.clock()
        found = _page(lambda: desk.queries.tickets(sight_of(staff), query, at))
        pack = _pack(desk, staff)
        return as_json({"items": [rendering.row(one, pack, at) for one in found.documents], "next": found.next})

    @router.get(
        "/tickets/{ticket_id}",
        response_model=TicketOut,
        responses={**with_headers(200, "ETag"), **may_fail(404)},
        summary="One ticket",
    )
    def get_ticket(staff: Asking, ticket_id: UUID) -> Response:
        ticket = desk.ticket(staff, ticket_id)
        return as_json(rendering.whole(ticket, _pack(desk, staff), desk.clock()), headers=entity_tag(ticket["version"]))

    @router.get("/tickets/{ticket_id}/explanation", response_model=ExplanationOut, responses=may_fail(404))
    def explain(staff: Asking, ticket_id: UUID, query: Annotated[WhyNotQuery, Query()]) -> Response:
        """Why the case is what it is, in words; with `why_not`, why it is not that category."""
        ticket, pack = desk.ticket(staff, ticket_id), _pack(desk, staff)
        try:
            return as_json(rendering.explanation(ticket, pack, query.why_not))
        except KeyError:
            raise Problem(404, "no-such-category", "Tuto kategorii město nemá.") from None


def _conversation(router: APIRouter, desk: Desk) -> None:
    @router.get("/tickets/{ticket_id}/messages", response_model=MessagePage, responses=may_fail(404))
    def list_messages(staff: Asking, ticket_id: UUID, query: Annotated[PageQuery, Query()]) -> Response:
        """The conversation, internal notes too."""
        found = _page(lambda: desk.queries.messages(ticket_id, query.cursor, query.limit))
        # After the reading: it may have been sealed meanwhile.
        desk.ticket(staff, ticket_id)
        return as_json({"items": [stored_event(rendering.message, one) for one in found.documents], "next": found.next})

    @router.get("/tickets/{ticket_id}/history", response_model=HistoryPage, responses=may_fail(404))
    def list_history(staff: Asking, ticket_id: UUID, query: Annotated[PageQuery, Query()]) -> Response:
        """All that ever happened to the ticket, and why."""
        found = _page(lambda: desk.queries.history(ticket_id, query.cursor, query.limit))
        # After the reading: it may have been sealed meanwhile.
        desk.ticket(staff, ticket_id)
        items = [stored_event(rendering.history_event, one) for one in found.documents]
        return as_json({"items": items, "next": found.next})


def _reports(router: APIRouter, desk: Desk) -> None:
    def record(staff: Staff, report_id: UUID) -> dict[str, Any]:
        found = desk.queries.report(sight_of(staff), report_id)
        if found is None:
            raise not_found()
        return found

    @router.get("/reports/{report_id}", response_model=ReportOut, responses=may_fail(404))
    def get_report(staff: Asking, report_id: UUID) -> Response:
        """What became of a report; its id is in the answer that the sender's mail server got."""
        return as_json(rendering.report(record(staff, report_id)))

    @router.get("/originals/{report_id}", response_class=Response, responses={**_FILE_ANSWER, **may_fail(403, 404)})
    def get_original(staff: Asking, report_id: UUID) -> Response:
        """The message as it came, byte for byte; refused where a virus scanner finds something in it."""
        key = record(staff, report_id)["original"]["key"]
        return _file(desk.scan, desk.objects.get(key), _BYTES, f"{report_id}.eml")

    @router.get(
        "/originals/{report_id}/parts/{name}", response_class=Response, responses={**_FILE_ANSWER, **may_fail(403, 404)}
    )
    def get_part(staff: Asking, report_id: UUID, name: str) -> Response:
        """One attachment; refused where a virus scanner finds something in it."""
        found = record(staff, report_id)
        part = next((part for part in found["parts"] if part["name"] == name), None)
        if part is None:
            raise not_found()
        shown = found["file_names"].get(name) or part["name"]
        return _file(desk.scan, desk.objects.get(part["key"]), part["media_type"], shown)


def _town(router: APIRouter, desk: Desk) -> None:
    @router.get("/categories", response_model=CategoryList, responses=may_fail())
    def list_categories(staff: Asking) -> Response:
        """The categories of the town's pack."""
        pack = _pack(desk, staff)
        categories = pack.categories if pack is not None else []
        return as_json({"items": [rendering.category(one.slug, one.area, pack) for one in categories]})

    @router.get("/me", response_model=MeOut, responses=may_fail())
    def get_me(staff: Asking) -> Response:
        """Who the token belongs to."""
        roles, teams = sorted(staff.roles), sorted(staff.teams)
        return as_json(
            {"id": staff.id, "name": staff.name, "municipality": staff.municipality, "roles": roles, "teams": teams}
        )


def _pack(desk: Desk, staff: Staff) -> Pack | None:
    return desk.towns(staff.municipality).pack


def stored_event(render: Callable[[Any, Any], dict[str, Any]], stored: Mapping[str, Any]) -> dict[str, Any]:
    """A stored event, rendered."""
    return render(orjson.loads(stored["body"]), stored.get("withheld"))


def _page(read: Callable[[], Found]) -> Found:
    try:
        return read()
    except CursorRefused:
        detail = "Tuto stránku neznáme. Začněte prosím výpis od začátku."
        raise Problem(422, "cursor-refused", detail) from None


def _file(scan: Scan, content: bytes, media_type: str, name: str) -> Response:
    """Bytes from outside: never run, never shown as a page of ours. Raises Problem where they are known to be harmful."""
    verdict = scan(content)
    if isinstance(verdict, Infected):
        detail = f"Soubor obsahuje škodlivý kód ({verdict.signature}), proto ho nevydáme. Zůstává uložený; obraťte se na správce."
        raise Problem(403, "infected", detail, title="Soubor je nakažený")
    kind = media_type if media_type in _SAFE_TYPES else _BYTES
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "X-Scan": "not-scanned" if isinstance(verdict, NotScanned) else "clean",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(content, 200, headers, kind)
