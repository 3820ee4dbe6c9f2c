"""What the API works with, and how a member of staff changes a case: seen, allowed, of the expected version, in one transaction."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from contracts.participants import Actor, ActorKind
from kit.object_store import ObjectStore
from kit.tracing import new_traceparent
from kit.verdicts import Scan, unscanned
from tickets.batch_handler import Clock, Towns
from tickets.cases.batch import Batch
from tickets.cases.case import Case, Cause, Change, Draft
from tickets.cases.keeping import Remembered, Store, Unit
from tickets.cases.permissions import Action, Staff, may, sight_of
from tickets.cases.town import Town
from tickets.staff.problems import Problem
from tickets.staff.queries import Queries
from tickets.staff.tokens import StaffTokens

# A proxy that compresses marks a tag as weak; it still names the same version.
_ENTITY_TAG = re.compile(r'(?:W/)?"([^"\s]*)"')
_VERSION = re.compile(r"[1-9][0-9]{0,8}")
KEY_PATTERN = r"[\x21-\x7e]{1,200}"
_KEY = re.compile(KEY_PATTERN)

Decide = Callable[[Case, Town, Cause], Change]
Versions = frozenset[int] | None
"""Those on which a change may rest; None: on any."""


@dataclass(frozen=True)
class Done:
    """A change that was made, or had been made before by a request with the same key. `version` is its first event's."""

    ticket_id: UUID
    version: int
    repeated: bool = False


@dataclass(frozen=True)
class Desk:
    """The parts behind the API; tests pass their own."""

    store: Store
    queries: Queries
    tokens: StaffTokens
    towns: Towns
    objects: ObjectStore
    clock: Clock
    scan: Scan = unscanned

    def change(self, staff: Staff, ticket_id: UUID, action: Action, versions: Versions, decide: Decide) -> Done:
        """Changes a case. Raises Problem where it is not there, not allowed, or of another version."""

        def work(unit: Unit) -> Done:
            batch = Batch(unit)
            first = self._changed(batch, staff, ticket_id, action, versions, decide)
            batch.finish(self.clock())
            return Done(ticket_id, first)

        return self.store.transaction(work)

    def add(
        self,
        staff: Staff,
        ticket_id: UUID,
        versions: Versions,
        decide: Decide,
        *,
        key: str | None,
        body: bytes,
    ) -> Done:
        """Adds to a case, once for each idempotency key."""

        def work(unit: Unit) -> Done:
            batch = Batch(unit)
            repeated = self._repeated(unit, staff, key, body)
            if repeated is not None:
                # What he could see then may be out of his sight now.
                self._seen(batch, staff, ticket_id)
                return repeated
            done = Done(ticket_id, self._changed(batch, staff, ticket_id, Action.WRITE, versions, decide))
            self._remember(batch, staff, key, body, done)
            batch.finish(self.clock())
            return done

        return self.store.transaction(work)

    def create(
        self, staff: Staff, open_case: Callable[[Batch, Town, Cause], UUID], *, key: str | None, body: bytes
    ) -> Done:
        """Makes a case, once for each idempotency key."""

        def work(unit: Unit) -> Done:
            repeated = self._repeated(unit, staff, key, body)
            if repeated is not None:
                return repeated
            batch = Batch(unit)
            done = Done(open_case(batch, self.towns(staff.municipality), self.cause(staff)), 1)
            self._remember(batch, staff, key, body, done)
            batch.finish(self.clock())
            return done

        return self.store.transaction(work)

    def split(
        self,
        staff: Staff,
        ticket_id: UUID,
        versions: Versions,
        decide: Callable[[Case, Town, Cause], tuple[Change, Change]],
        *,
        key: str | None,
        body: bytes,
    ) -> Done:
        """Makes a case of a part of another one, in one transaction, once for each idempotency key."""

        def work(unit: Unit) -> Done:
            batch = Batch(unit)
            repeated = self._repeated(unit, staff, key, body)
            if repeated is not None:
                return repeated
            parts = list[Change]()

            def first(case: Case, town: Town, cause: Cause) -> Change:
                change, part = decide(case, town, cause)
                parts.append(part)
                return change

            self._changed(batch, staff, ticket_id, Action.CLASSIFY, versions, first)
            for case, drafts in parts:
                batch.change(case, [_without(draft, staff) for draft in drafts])
            done = Done(parts[0][0].id, 1)
            self._remember(batch, staff, key, body, done)
            batch.finish(self.clock())
            return done

        return self.store.transaction(work)

    def ticket(self, staff: Staff, ticket_id: UUID) -> dict[str, Any]:
        """The stored ticket. Raises Problem where there is none for this member of staff."""
        found = self.queries.ticket(sight_of(staff), ticket_id)
        if found is None:
            raise not_found()
        return found

    def cause(self, staff: Staff) -> Cause:
        """A member of staff acts, now."""
        return Cause(Actor(kind=ActorKind.STAFF, id=staff.id), self.clock(), None, new_traceparent())

    def _changed(
        self, batch: Batch, staff: Staff, ticket_id: UUID, action: Action, versions: Versions, decide: Decide
    ) -> int:
        case = self._seen(batch, staff, ticket_id)
        if not may(staff, action, case.confidentiality, case.solvers):
            raise Problem(403, "not-allowed", "Tohle u tohoto podnětu smí jen jeho řešitel nebo dispečer.")
        if versions is not None and case.version not in versions:
            detail = "Podnět se mezitím změnil. Načtěte ho prosím znovu a změnu zopakujte."
            raise Problem(412, "version-differs", detail)
        changed, drafts = decide(case, self.towns(case.municipality), self.cause(staff))
        batch.change(changed, [_without(draft, staff) for draft in drafts])
        return case.version + 1

    def _seen(self, batch: Batch, staff: Staff, ticket_id: UUID) -> Case:
        case = batch.case(ticket_id)
        if case is None or not sight_of(staff).sees(case.municipality, case.confidentiality, case.insiders):
            raise not_found()
        return case

    def _repeated(self, unit: Unit, staff: Staff, key: str | None, body: bytes) -> Done | None:
        before = unit.remembered(_own_key(staff, key)) if key is not None else None
        if before is None:
            return None
        if before.digest != hashlib.sha256(body).hexdigest():
            detail = "Stejný Idempotency-Key už patří jinému požadavku. Pro nový požadavek použijte nový klíč."
            raise Problem(422, "idempotency-key-reused", detail)
        return Done(before.ticket_id, before.version, repeated=True)

    def _remember(self, batch: Batch, staff: Staff, key: str | None, body: bytes, done: Done) -> None:
        if key is not None:
            digest = hashlib.sha256(body).hexdigest()
            own = _own_key(staff, key)
            batch.remember(Remembered(own, digest, done.ticket_id, done.version, self.clock()))


def _without(draft: Draft, staff: Staff) -> Draft:
    """Who does something needs no mail of it."""
    others = tuple(party for party in draft.concerned if party.participant.id != staff.pseudonym)
    return replace(draft, concerned=others)


def _own_key(staff: Staff, key: str) -> str:
    """Two members of staff never meet in one key."""
    return f"{staff.municipality}/{staff.id}/{hashlib.sha256(key.encode()).hexdigest()}"


def expected_versions(if_match: str | None) -> Versions:
    """The versions that a change may rest on (RFC 9110 13.1.1). Raises Problem where none is named, or what is none at all."""
    wanted = (if_match or "").strip()
    if not wanted:
        detail = "Pošlete prosím v hlavičce If-Match verzi (ETag), ze které změna vychází."
        raise Problem(428, "version-missing", detail)
    if wanted == "*":
        return None
    tags = [tag for tag in _ENTITY_TAG.findall(wanted) if _VERSION.fullmatch(tag)]
    if not tags or _ENTITY_TAG.sub("", wanted).strip(", \t"):
        raise Problem(412, "version-differs", "Tohle není verze, kterou jsme vydali. Načtěte prosím podnět znovu.")
    return frozenset(int(tag) for tag in tags)


def checked_key(key: str | None) -> str | None:
    """An idempotency key as it may be. Raises Problem."""
    if key is not None and not _KEY.fullmatch(key):
        raise Problem(422, "idempotency-key-refused", "Idempotency-Key má 1 až 200 viditelných znaků ASCII.")
    return key


def not_found() -> Problem:
    """Nothing there, or nothing for whoever asks: the same answer."""
    return Problem(404, "not-found", "Nic takového tu není, nebo to není pro vás.")
