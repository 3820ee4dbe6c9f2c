"""Originals that were kept and never registered: taken in again from the store, as if the sender had come a second time.

Everything is derived from the mail itself, so what was registered after all stays as it is (P2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from contracts import object_keys
from intake_email.handlers import Accepted, Intake, Mail
from intake_email.message import headers
from intake_email.message.addresses import mailboxes
from intake_email.recipients import AddressBook, Recipient
from kit.object_store import ObjectMissing, ObjectStore, StoreAway


@dataclass(frozen=True)
class Repaired:
    """What became of one folder: None, or why it could not be taken in."""

    folder: str
    fault: str | None = None


async def repair(
    folders: Sequence[str], store: ObjectStore, intake: Intake, addresses: AddressBook, now: datetime
) -> list[Repaired]:
    """Takes them in again, one after another."""
    done = []
    for folder in folders:
        try:
            mail = mail_of(folder, store, addresses, now)
        except ObjectMissing:
            done.append(Repaired(folder, "no-original"))
            continue
        except StoreAway:
            done.append(Repaired(folder, "store-away"))
            continue
        answer = await intake.take(mail) if mail is not None else None
        fault = None if isinstance(answer, Accepted) else answer.reason if answer is not None else "no-town-of-ours"
        done.append(Repaired(folder, fault))
    return done


def mail_of(folder: str, store: ObjectStore, addresses: AddressBook, now: datetime) -> Mail | None:
    """The mail as it was kept; None where its town is not ours. Raises ObjectMissing, StoreAway.

    Without its envelope (its intake was killed between the two) the headers say for whom it was, and it came just now.
    """
    raw = store.get(object_keys.raw_key(folder))
    envelope = _envelope(folder, store)
    municipality = folder.split("/")[1] if folder.count("/") else ""
    named = [str(address) for address in envelope.get("recipients", [])] or _named(raw)
    recipients = [(address, found) for address in named if (found := addresses.find(address)) is not None]
    ours = tuple((address, found) for address, found in recipients if found.municipality == municipality)
    if not ours:
        own = [one for one, town in addresses.municipalities.items() if town == municipality]
        ours = ((own[0], Recipient(municipality, own[0], "")),) if own else ()
    if not ours:
        return None
    received, sender = envelope.get("received_at"), envelope.get("sender")
    return Mail(
        raw=raw,
        # Unknown is not the null one, which only machines have.
        sender=sender if isinstance(sender, str) else None,
        recipients=ours,
        received_at=datetime.fromisoformat(received) if isinstance(received, str) else now,
        peer=str(envelope.get("peer", "")),
        hello=str(envelope.get("hello", "")),
        tls=bool(envelope.get("tls", False)),
        options=tuple(str(option) for option in envelope.get("options", [])),
    )


def _envelope(folder: str, store: ObjectStore) -> dict[str, Any]:
    try:
        document = orjson.loads(store.get(object_keys.envelope_key(folder)))
    except (ObjectMissing, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _named(raw: bytes) -> list[str]:
    fields, _, _ = headers.split(raw, 0, len(raw))
    return [one.address for name in ("delivered-to", "to", "cc") for one in mailboxes(fields.raw(name))]
