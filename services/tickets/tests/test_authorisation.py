"""Who may do what, over HTTP, as one table: every endpoint x role x confidentiality x own or not x town.

The table here is written down a second time on purpose, from the rules for a town office and not from `permissions.py`. An endpoint
without a row fails.
"""

from dataclasses import dataclass
from itertools import product
from uuid import UUID

import pytest

from contracts import object_keys
from contracts.types import Confidentiality
from tickets.cases.permissions import StaffRole

from .builders import TEAM
from .office import Office, Person

pytestmark = pytest.mark.integration
OPEN, RESTRICTED, SEALED = Confidentiality.OPEN, Confidentiality.RESTRICTED, Confidentiality.SEALED
READER, RESOLVER, DISPATCHER = StaffRole.READER, StaffRole.RESOLVER, StaffRole.DISPATCHER
SECRETARY, OFFICER, ADMIN = StaffRole.SECRETARY, StaffRole.WHISTLEBLOWING_OFFICER, StaffRole.ADMIN

# What an endpoint does: sees a case, works on one, makes one, or concerns the caller alone.
SEES, WORKS, MAKES, ANYBODY = "sees", "works", "makes", "anybody"
ENDPOINTS: dict[tuple[str, str], str] = {
    ("GET", "/api/v1/tickets"): ANYBODY,
    ("GET", "/api/v1/tickets/{ticket_id}"): SEES,
    ("GET", "/api/v1/tickets/{ticket_id}/messages"): SEES,
    ("GET", "/api/v1/tickets/{ticket_id}/history"): SEES,
    ("GET", "/api/v1/tickets/{ticket_id}/explanation"): SEES,
    ("GET", "/api/v1/reports/{report_id}"): SEES,
    ("GET", "/api/v1/originals/{report_id}"): SEES,
    ("GET", "/api/v1/originals/{report_id}/parts/{name}"): SEES,
    ("GET", "/api/v1/categories"): ANYBODY,
    ("GET", "/api/v1/me"): ANYBODY,
    ("POST", "/api/v1/tickets"): MAKES,
    ("POST", "/api/v1/tickets/{ticket_id}/messages"): WORKS,
    ("POST", "/api/v1/tickets/{ticket_id}/split"): WORKS,
    ("POST", "/api/v1/tickets/{ticket_id}/assignment"): WORKS,
    ("POST", "/api/v1/tickets/{ticket_id}/classification"): WORKS,
    ("POST", "/api/v1/tickets/{ticket_id}/state"): WORKS,
}
BODIES = {
    "messages": {"text": "x", "visibility": "internal"},
    "split": {"category": "streetlight-out", "text": "x"},
    "assignment": {"resolver": {"kind": "team", "code": "pravnik"}, "reason": "x"},
    "classification": {"category": "sidewalk-defect"},
    "state": {"state": "in_progress"},
}


def sees(role: StaffRole, degree: Confidentiality, own: bool) -> bool:
    """Open cases are everybody's; restricted ones those who distribute see, and whose own they are; sealed ones one person."""
    if degree == OPEN:
        return True
    if degree == SEALED:
        return role == OFFICER
    return role in (DISPATCHER, SECRETARY) or (role in (RESOLVER, OFFICER) and own)


def works(role: StaffRole, degree: Confidentiality, own: bool) -> bool:
    """Those who distribute work on all, those who solve on their own; readers and administrators on none."""
    if degree == SEALED:
        return role == OFFICER
    return role in (DISPATCHER, SECRETARY) or (role in (RESOLVER, OFFICER) and own)


@dataclass(frozen=True)
class Stored:
    """A case of a degree, with its report's files."""

    ticket: UUID
    report: UUID


def stored(office: Office, degree: Confidentiality) -> Stored:
    sealed = {"category": "whistleblowing", "team": "prislusna-osoba"} if degree == SEALED else {}
    ticket = office.routed(f"Případ {degree}", confidentiality=degree, **sealed)
    sees_all = office.person(DISPATCHER, OFFICER)
    whole = sees_all.get(f"/tickets/{ticket}").json()
    folder = object_keys.report_folder("lipovany", office.clock().date(), UUID(whole["report_id"]))
    office.objects.put(object_keys.raw_key(folder), b"x")
    office.objects.put(object_keys.part_key(folder, "part-1"), b"x")
    return Stored(ticket, UUID(whole["report_id"]))


def answer_to(person: Person, method: str, path: str, case: Stored) -> int:
    """The status; a change is asked on a version that there is not, so 412 means: allowed, and nothing happened."""
    there = path.removeprefix("/api/v1").format(ticket_id=case.ticket, report_id=case.report, name="part-1")
    if method == "GET":
        return person.get(there).status_code
    if there == "/tickets":
        return person.post(there, {"text": "x"}).status_code
    return person.post(there, BODIES[there.rpartition("/")[2]], If_Match='"999"').status_code


def expected(what: str, role: StaffRole, degree: Confidentiality, own: bool, ours: bool) -> int:
    if what == ANYBODY:
        return 200
    if what == MAKES:
        return 201 if role in (RESOLVER, DISPATCHER, SECRETARY, OFFICER) else 403
    if not ours or not sees(role, degree, own):
        return 404
    if what == SEES:
        return 200
    return 412 if works(role, degree, own) else 403


def test_every_endpoint_has_its_row(office: Office) -> None:
    paths = office.client.get("/openapi.json").json()["paths"]
    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == ENDPOINTS.keys()


@pytest.mark.parametrize("role", StaffRole)
def test_every_role_may_do_what_the_table_says_and_nothing_else(office: Office, role: StaffRole) -> None:
    cases = {degree: stored(office, degree) for degree in Confidentiality}
    people = {
        (own, ours): office.person(
            role, teams=(TEAM, "prislusna-osoba") if own else (), municipality="lipovany" if ours else "dubna"
        )
        for own, ours in product((True, False), repeat=2)
    }
    wrong = [
        f"{method} {path} {degree} own={own} ours={ours}: {status}, not {wanted}"
        for ((method, path), what), (degree, case), ((own, ours), person) in product(
            ENDPOINTS.items(), cases.items(), people.items()
        )
        if (status := answer_to(person, method, path, case)) != (wanted := expected(what, role, degree, own, ours))
    ]
    assert wrong == []


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_nobody_does_anything_without_a_token(office: Office, method: str, path: str) -> None:
    case = stored(office, OPEN)
    assert answer_to(Person(office.client, None), method, path, case) == 401
