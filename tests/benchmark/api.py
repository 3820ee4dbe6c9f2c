"""How many requests a second the staff API answers for several clients at once."""

import itertools
import threading
import time
import uuid
from collections.abc import Callable

import httpx

Request = Callable[[httpx.Client, int], httpx.Response]


def rate(base: str, token: str, request: Request, *, clients: int = 8, seconds: float = 5.0) -> tuple[float, float]:
    """Requests a second and the 95th percentile of their time in milliseconds. Raises on any answer that is not 2xx."""
    times: list[float] = []
    failed: list[int] = []
    until = time.monotonic() + seconds
    numbers = itertools.count()

    def work() -> None:
        with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
            while time.monotonic() < until and not failed:
                began = time.monotonic()
                answer = request(client, next(numbers))
                times.append(time.monotonic() - began)
                if not answer.is_success:
                    failed.append(answer.status_code)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(f"the API answered {failed[0]}")
    times.sort()
    return len(times) / (time.monotonic() - began), times[int(len(times) * 0.95)] * 1000


def requests(ids: list[str]) -> dict[str, Request]:
    """What is measured, by name."""

    def add_message(client: httpx.Client, number: int) -> httpx.Response:
        path = f"/tickets/{ids[number % len(ids)]}"
        tag = client.get(path).headers["ETag"]
        body = {"visibility": "internal", "text": f"Poznámka {number}."}
        answer = client.post(
            f"{path}/messages", json=body, headers={"If-Match": tag, "Idempotency-Key": str(uuid.uuid4())}
        )
        # Two clients on one case at once: one of them has an old tag, as it should be.
        return client.get(path) if answer.status_code == httpx.codes.PRECONDITION_FAILED else answer

    return {
        "get a ticket": lambda client, number: client.get(f"/tickets/{ids[number % len(ids)]}"),
        "list 50 with filters": lambda client, _: client.get(
            "/tickets", params={"limit": "50", "state": "assigned", "category": "streetlight-out"}
        ),
        "search text": lambda client, number: client.get(
            "/tickets", params={"q": f"husove {number % 100}", "limit": "20"}
        ),
        "create a ticket": lambda client, number: client.post(
            "/tickets",
            json={"channel": "phone", "text": f"V Husově ulici {number} nesvítí lampa."},
            headers={"Idempotency-Key": str(uuid.uuid4())},
        ),
        "add a message (get, then post)": add_message,
    }
