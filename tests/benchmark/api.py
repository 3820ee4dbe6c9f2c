"""How many requests a second the staff API answers for several clients at once.

The clients are as light as the standard library has them: a heavier one (httpx) measured itself.
"""

import itertools
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson


class Client:
    """One kept connection."""

    def __init__(self, base: str, token: str) -> None:
        address = urlsplit(base)
        self._connection = HTTPConnection(address.netloc, timeout=30)
        self._path, self._headers = address.path, {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: str) -> HTTPResponse:
        """An answer whose content has been read."""
        return self._ask("GET", f"{path}?{urlencode(query)}" if query else path, None, {})

    def json(self, path: str, **query: str) -> Any:
        """The content of an answer."""
        return orjson.loads(self._answered("GET", f"{path}?{urlencode(query)}" if query else path, None, {})[1])

    def post(self, path: str, content: object, headers: Mapping[str, str]) -> HTTPResponse:
        """The same for JSON that is sent."""
        return self._ask("POST", path, orjson.dumps(content), {"Content-Type": "application/json", **headers})

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> HTTPResponse:
        return self._answered(method, path, body, headers)[0]

    def _answered(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[HTTPResponse, bytes]:
        self._connection.request(method, self._path + path, body, {**self._headers, **headers})
        answer = self._connection.getresponse()
        return answer, answer.read()


Request = Callable[[Client, int], HTTPResponse]


def rate(base: str, token: str, request: Request, *, clients: int = 8, seconds: float = 5.0) -> tuple[float, float]:
    """Requests a second and the 95th percentile of their time in milliseconds. Raises on any answer that is not 2xx."""
    times: list[float] = []
    failed: list[int] = []
    until = time.monotonic() + seconds
    numbers = itertools.count()

    def work() -> None:
        client = Client(base, token)
        while time.monotonic() < until and not failed:
            began = time.monotonic()
            answer = request(client, next(numbers))
            times.append(time.monotonic() - began)
            if answer.status >= HTTPStatus.BAD_REQUEST:
                failed.append(answer.status)
        client.close()

    threads = [threading.Thread(target=work) for _ in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(f"the API answered {failed[0]}")
    return len(times) / (time.monotonic() - began), percentile(times, 95) * 1000


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many are not above."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def figures(base: str, token: str, seconds: float) -> dict[str, tuple[float, float]]:
    """Rate and 95th percentile in milliseconds of each kind of request, by name."""
    found = {}
    for name, request in requests(ticket_ids(base, token)).items():
        print(name, flush=True)
        # What the database has read once it keeps: the first seconds are another year's.
        rate(base, token, request, seconds=seconds / 3)
        found[name] = rate(base, token, request, seconds=seconds)
    return found


def ticket_ids(base: str, token: str) -> list[str]:
    """Some tickets to ask for."""
    client, ids, cursor = Client(base, token), list[str](), {"limit": "100"}
    while len(ids) < 500:
        page = client.json("/tickets", **cursor)
        ids += [ticket["id"] for ticket in page["items"]]
        if page.get("next") is None:
            break
        cursor["cursor"] = page["next"]
    client.close()
    return ids


def requests(ids: list[str]) -> dict[str, Request]:
    """What is measured, by name."""

    def add_message(client: Client, number: int) -> HTTPResponse:
        path = f"/tickets/{ids[number % len(ids)]}"
        tag = client.get(path).headers["ETag"]
        body = {"visibility": "internal", "text": f"Poznámka {number}."}
        answer = client.post(f"{path}/messages", body, {"If-Match": tag, "Idempotency-Key": str(uuid.uuid4())})
        # Two clients on one case at once: one of them has an old tag, as it should be.
        return client.get(path) if answer.status == HTTPStatus.PRECONDITION_FAILED else answer

    def create(client: Client, number: int) -> HTTPResponse:
        body = {"channel": "phone", "text": f"V Husově ulici {number} nesvítí lampa."}
        return client.post("/tickets", body, {"Idempotency-Key": str(uuid.uuid4())})

    filters = {"limit": "50", "state": "assigned", "category": "streetlight-out"}
    return {
        "get a ticket": lambda client, number: client.get(f"/tickets/{ids[number % len(ids)]}"),
        "list 50 with filters": lambda client, _: client.get("/tickets", **filters),
        "search text": lambda client, number: client.get("/tickets", q=f"husove {number % 100}", limit="20"),
        "add a message (get, then post)": add_message,
        # At the end: what follows from each new case would be at work during the others.
        "create a ticket": create,
    }
