"""Drafts become events: sequence, the state that the transaction commits, the chain of hashes. What is stored is what travels.

Sealed content does not travel: the event carries the addresses that the notifier needs and a reference, and the content stays
with us (`withheld`), where only the competent person reads it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from contracts import identity
from contracts.envelope import MAXIMUM_EVENT_BYTES, Event, EventTooLarge, new_event
from contracts.history import GENESIS, link, personal_digest
from contracts.tickets import Chain, Change, Snapshot, TicketData, TicketPersonal
from contracts.types import Confidentiality
from tickets.cases.case import Case, Draft, followed, snapshot

SOURCE = "/tickets"
_NO_CHAIN = Chain(previous=GENESIS, hash=GENESIS)
# What is left of a text whose event would be too large; the whole is where `content_key` says.
_SHORTENED = 8_000


@dataclass(frozen=True)
class StoredEvent:
    """One event of the history, which is the outbox too. `body` is the JSON that is published, byte for byte."""

    id: UUID
    ticket_id: UUID
    municipality: str
    sequence: int
    type: str
    at: datetime
    body: str
    withheld: dict[str, Any] | None = None


def record(
    before: Case | None, case: Case, drafts: Sequence[Draft], new_salt: Callable[[], str]
) -> tuple[Case, list[StoredEvent]]:
    """The events of one transaction on one case, and the case with its new version and chain.

    `before` is the case as it was read, None where it begins.
    """
    after = snapshot(case)
    version, chain = (before.version, before.chain) if before is not None else (0, GENESIS)
    events = []
    for draft in drafts:
        version += 1
        event, chain = _fitting(before, case, draft, after, version, chain, new_salt())
        events.append(event)
    return case.model_copy(update={"version": version, "chain": chain}), events


def _fitting(
    before: Case | None, case: Case, draft: Draft, after: Snapshot, sequence: int, previous: str, salt: str
) -> tuple[StoredEvent, str]:
    """The event as a whole, else shortened, else without content: a report is never refused for its size."""
    try:
        return _event(before, case, draft, after, sequence, previous, salt)
    except EventTooLarge:
        draft = _shortened(draft)
    try:
        return _event(before, case, draft, after, sequence, previous, salt)
    except EventTooLarge:
        return _event(before, case, replace(draft, personal={}), after, sequence, previous, salt)


def _event(
    before: Case | None, case: Case, draft: Draft, after: Snapshot, sequence: int, previous: str, salt: str
) -> tuple[StoredEvent, str]:
    sealed = case.confidentiality == Confidentiality.SEALED
    contacts = {party.participant.id: party.contact for party in draft.concerned}
    personal = TicketPersonal(salt=salt, contacts=contacts, **({} if sealed else draft.personal))
    event = _envelope(before, case, draft, after, sequence, personal)
    document: dict[str, Any] = event.model_dump(mode="json", exclude_none=True)
    data = document["data"]
    data["personal_digest"] = personal_digest(data["personal"])
    data["chain"] = {"previous": previous, "hash": link(document, previous)}
    body = orjson.dumps(document)
    if len(body) > MAXIMUM_EVENT_BYTES:
        raise EventTooLarge(event.type, len(body))
    stored = StoredEvent(
        id=event.id,
        ticket_id=case.id,
        municipality=case.municipality,
        sequence=sequence,
        type=event.type,
        at=event.time,
        body=body.decode(),
        withheld=_withheld(draft, salt) if sealed else None,
    )
    return stored, data["chain"]["hash"]


def _envelope(
    before: Case | None, case: Case, draft: Draft, after: Snapshot, sequence: int, personal: TicketPersonal
) -> Event[TicketData]:
    sealed = case.confidentiality == Confidentiality.SEALED
    fields = {name: value for name, value in draft.fields.items() if not (sealed and name == "parts")}
    data = draft.kind(
        actor=draft.cause.actor,
        reason=draft.reason,
        participants=[party.participant for party in draft.concerned],
        changes=_changes(before, case, draft.changed),
        after=after,
        content_key=draft.content_key or (draft.original_key if sealed else None),
        personal_digest=GENESIS,
        chain=_NO_CHAIN,
        personal=personal,
        **fields,
    )
    return new_event(
        data,
        id=identity.event_id(case.id, str(sequence)),
        source=SOURCE,
        # Never before the event before it, also where the clock went back in between.
        time=max(draft.cause.at, before.updated_at) if before is not None else draft.cause.at,
        subject=case.id,
        municipality=case.municipality,
        confidentiality=case.confidentiality,
        causationid=draft.cause.id,
        traceparent=draft.cause.traceparent,
        sequence=sequence,
    )


def _changes(before: Case | None, case: Case, names: Sequence[str]) -> list[Change]:
    changes = []
    for name in names:
        old, new = followed(before, name), followed(case, name)
        if old != new:
            changes.append(Change(field=name, before=old, after=new))
    return changes


def _withheld(draft: Draft, salt: str) -> dict[str, Any]:
    content: dict[str, Any] = TicketPersonal(salt=salt, **draft.personal).model_dump(mode="json", exclude_none=True)
    parts = [part.model_dump(mode="json", exclude_none=True) for part in draft.fields.get("parts", ())]
    return {**content, "parts": parts}


def _shortened(draft: Draft) -> Draft:
    """Without what can be read at its place: quotes, signatures, and the rest of a long text."""
    text = draft.personal.get("text")
    kept = {
        name: value
        for name, value in draft.personal.items()
        if name not in ("quote", "signature", "matched_words", "further")
    }
    if text is not None:
        kept["text"] = text[:_SHORTENED]
    return replace(draft, personal=kept, content_key=draft.content_key or draft.original_key)
