"""Stored documents as the API shows them. Pure, and without validating again what was validated before it was stored."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts import identity
from contracts.tickets import TicketState
from packs import Pack
from tickets.cases import explaining
from tickets.cases.lifecycle import ways_from

Document = Mapping[str, Any]


def row(ticket: Document, pack: Pack | None, now: datetime) -> dict[str, Any]:
    """A ticket in a list."""
    opening = ticket.get("opening", {})
    due = ticket.get("due_at")
    return {
        "id": ticket["_id"],
        "number": ticket.get("number"),
        "version": ticket["version"],
        "state": ticket["state"],
        "confidentiality": ticket["confidentiality"],
        "channel": ticket["channel"],
        "subject": opening.get("subject"),
        "category": category(ticket.get("category"), ticket.get("area"), pack),
        "kind": ticket.get("kind"),
        "priority": ticket.get("priority"),
        "urgent": ticket["urgent"],
        "decided": ticket["decided"],
        "resolver": resolver(ticket.get("resolver"), ticket.get("resolver_name"), pack),
        "team": ticket.get("team"),
        "place": ticket.get("place_phrase"),
        "received_at": ticket["received_at"],
        "opened_at": ticket["opened_at"],
        "updated_at": ticket["updated_at"],
        "solved_at": ticket.get("solved_at"),
        "closed_at": ticket.get("closed_at"),
        "due": due,
        "late": due is not None and due < now,
        "maybe_belongs_to": ticket["maybe_belongs_to"],
        "reports": ticket["reports"],
        "messages": ticket["messages"],
    }


def whole(ticket: Document, pack: Pack | None, now: datetime) -> dict[str, Any]:
    """A ticket with all that belongs to it."""
    opening = ticket.get("opening", {})
    return {
        **row(ticket, pack, now),
        "text": opening.get("text"),
        "shortened": "content_key" in opening,
        "reporters": [
            {"name": party["contact"].get("name"), "address": party["contact"].get("address")}
            for party in ticket["parties"]
            if party["participant"]["role"] == "reporter"
        ],
        "parts": parts(opening.get("parts", ()), opening.get("file_names", {}), opening.get("report_id")),
        "report_id": opening.get("report_id"),
        "language": ticket.get("language"),
        "district": ticket.get("district"),
        "coordinates": ticket.get("coordinates"),
        "deadlines": ticket["deadlines"],
        "exchanges": ticket["exchanges"],
        "failed_deliveries": len(ticket.get("failed_deliveries", ())),
        "decision": ticket.get("decision"),
        "further": ticket.get("further", []),
        "ways": ways_from(TicketState(ticket["state"])),
    }


def explanation(ticket: Document, pack: Pack | None, why_not: str | None) -> dict[str, Any]:
    """Why it is what it is, and why it is not `why_not`. Raises KeyError where the pack has no such category."""
    decision, chosen = ticket.get("decision") or {}, ticket.get("category")
    shares = {one["category"]: one["probability"] for one in decision.get("candidates", ())}
    compared = None
    if why_not is not None and pack is not None:
        found = explaining.compared(decision, chosen, why_not, pack)
        compared = {"category": category(why_not, pack.category(why_not).area, pack), **asdict(found)}
    return {
        "category": category(chosen, ticket.get("area"), pack),
        "decided": decision.get("decided"),
        "probability": shares.get(chosen),
        "reasons": [asdict(reason) for reason in explaining.reasons(decision, pack)],
        "why_not": compared,
    }


def category(code: str | None, area: str | None, pack: Pack | None) -> dict[str, Any] | None:
    """A category with the names that the pack has for it now; one that left the pack keeps its code."""
    if code is None:
        return None
    try:
        found = pack.category(code) if pack is not None else None
        name, area_name = (found.name, pack.area(found.area).name) if pack and found else (code, area)
    except KeyError:
        name, area_name = code, area
    return {"slug": code, "name": name, "area": {"slug": area, "name": area_name}}


def resolver(chosen: Document | None, person: str | None, pack: Pack | None) -> dict[str, Any] | None:
    """Who solves it, with a name."""
    if chosen is None:
        return None
    name = chosen["code"]
    try:
        if chosen["kind"] == "team" and pack is not None:
            name = pack.team(name).name
        elif chosen["kind"] == "body" and pack is not None:
            name = pack.body(name).name
        else:
            name = person or name
    except KeyError:
        name = chosen["code"]
    return {"kind": chosen["kind"], "code": chosen["code"], "name": name}


def parts(stored: Sequence[Document], file_names: Document, report_id: object) -> list[dict[str, Any]]:
    """Attachments with the place from which they are read."""
    return [
        {
            "name": part["name"],
            "file_name": file_names.get(part["name"]),
            "kind": part["kind"],
            "media_type": part["media_type"],
            "size": part["size"],
            "url": f"originals/{report_id}/parts/{part['name']}" if report_id is not None else None,
            "warnings": part.get("warnings", []),
        }
        for part in stored
    ]


def message(event: Document, withheld: Document | None) -> dict[str, Any]:
    """One message of the conversation, from its event; `withheld` is the content of a sealed one."""
    data = event["data"]
    personal = withheld or data.get("personal", {})
    opening = event["type"] == "ticket.opened"
    report_id = data.get("report_id")
    return {
        "id": str(identity.event_id(UUID(event["subject"]), "message-1")) if opening else data["message_id"],
        "sequence": event["sequence"],
        "at": event["time"],
        "direction": "inbound" if opening else data["direction"],
        "visibility": "public" if opening else data["visibility"],
        "author": data["actor"]["kind"],
        "author_id": data["actor"].get("id"),
        "channel": data["after"]["channel"] if opening else data.get("channel"),
        "subject": personal.get("subject"),
        "text": personal.get("text"),
        "quote": personal.get("quote"),
        "signature": personal.get("signature"),
        "shortened": "content_key" in data and withheld is None,
        "parts": parts((withheld or data).get("parts", ()), personal.get("file_names", {}), report_id),
        "report_id": report_id,
        "automatic": data.get("automatic", "no"),
        "matched": "new" if opening else data["matched"],
        "certainty": data.get("certainty", 1.0),
    }


_EVERY_EVENT_HAS = frozenset(
    {"actor", "reason", "changes", "participants", "after", "personal", "personal_digest", "chain", "parts"}
)


def history_event(event: Document, withheld: Document | None) -> dict[str, Any]:
    """One event of the history. Contents of messages are in the conversation."""
    data = event["data"]
    personal = withheld or data.get("personal", {})
    return {
        "id": event["id"],
        "sequence": event["sequence"],
        "type": event["type"],
        "at": event["time"],
        "actor": data["actor"],
        "reason": data.get("reason"),
        "changes": data["changes"],
        "words": personal.get("words"),
        "matched_words": personal.get("matched_words", []),
        "further": personal.get("further", []),
        "data": {name: value for name, value in data.items() if name not in _EVERY_EVENT_HAS},
    }


def report(record: Document) -> dict[str, Any]:
    """What became of a report."""
    return {
        "id": record["_id"],
        "outcome": record["outcome"],
        "ticket_id": record.get("ticket_id"),
        "why": record["why"],
        "certainty": record["certainty"],
        "received_at": record["received_at"],
        "parts": parts(record["parts"], record["file_names"], record["_id"]),
    }
