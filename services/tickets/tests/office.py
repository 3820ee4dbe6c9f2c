"""The staff API with a town's cases behind it, and people with tokens in front of it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from fastapi.testclient import TestClient

from contracts.participants import Contact
from contracts.reports import MessagePersonal
from kit.object_store import MemoryObjectStore
from kit.verdicts import NotScanned, Verdict, Why
from tickets.cases.permissions import StaffRole
from tickets.cases.town import Town
from tickets.handlers import ReportsHandler, RoutingHandler
from tickets.staff.tokens import StaffTokens

from .builders import Clock, messages, report, routing, ticket_of


class Person:
    """A member of staff with a token."""

    def __init__(self, client: TestClient, token: str | None, code: str = "") -> None:
        self.client, self.code = client, code
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: Any) -> httpx.Response:
        answer: httpx.Response = self.client.get(f"/api/v1{path}", params=query, headers=self.headers)
        return answer

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer: httpx.Response = self.client.post(f"/api/v1{path}", json=body, headers={**self.headers, **named})
        return answer

    def change(self, ticket: UUID, what: str, body: Any) -> httpx.Response:
        """With the present version."""
        tag = self.get(f"/tickets/{ticket}").headers["ETag"]
        return self.post(f"/tickets/{ticket}/{what}", body, If_Match=tag)

    def listed(self, **query: Any) -> list[str]:
        answer = self.get("/tickets", **query)
        assert answer.status_code == 200, answer.text
        return [ticket["id"] for ticket in answer.json()["items"]]


@dataclass
class Office:
    """The API with a town's cases behind it."""

    client: TestClient
    tokens: StaffTokens
    clock: Clock
    objects: MemoryObjectStore
    reports: ReportsHandler
    routings: RoutingHandler
    towns: dict[str, Town]
    """Those that have a pack; a test may change them."""
    verdict: Verdict = field(default_factory=lambda: NotScanned(Why.NO_SCANNER))
    """Of the virus scanner, on every file."""

    def person(
        self, *roles: StaffRole, teams: tuple[str, ...] = (), municipality: str = "lipovany", **about: Any
    ) -> Person:
        code, token = self.tokens.create(municipality, roles, teams=teams, **about)
        return Person(self.client, token, code)

    def opened(self, subject: str = "Výmol v Lipové ulici", text: str = "Je tam díra.") -> UUID:
        personal = MessagePersonal(sender=Contact(address="obcan@example.test"), subject=subject, text=text)
        event = report(subject, personal=personal)
        self.reports(messages(event))
        self.clock.passes(seconds=1)
        return ticket_of(event)

    def routed(self, subject: str = "Výmol v Lipové ulici", text: str = "Je tam díra.", **changes: Any) -> UUID:
        ticket = self.opened(subject, text)
        self.routings(messages(routing(ticket, **changes)))
        return ticket


def problem(answer: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert code is None or document["type"] == f"urn:helpdesk:problem:{code}"
    return document
