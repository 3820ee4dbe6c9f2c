"""The running API with a real virus scanner behind it."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import httpx
import pytest

from contracts.types import Confidentiality
from deploy.local.clamav import ClamAV
from deploy.local.skipping import skipped_without
from tickets.cases.permissions import StaffRole

from .running import RunningApi, running_api, with_cases

pytestmark = pytest.mark.integration

HARMFUL = b"lipovany zkusebni skodlivy kod"


@pytest.fixture
def scanner() -> Iterator[ClamAV]:
    with ExitStack() as stack:
        with skipped_without("virus scanner"):
            daemon = stack.enter_context(ClamAV({"Lipovany-Test": HARMFUL}, largest=1_048_576))
        yield daemon


@pytest.fixture
def api(servers: Mapping[str, str], scanner: ClamAV) -> Iterator[RunningApi]:
    with running_api(servers, CLAMD=scanner.address) as running:
        yield with_cases(running)


def test_the_api_asks_the_scanner_that_it_is_told_of_and_gives_out_while_that_is_away(
    api: RunningApi, scanner: ClamAV
) -> None:
    headers = {"Authorization": f"Bearer {api.token(StaffRole.DISPATCHER)}"}
    report_id = api.report_of(Confidentiality.OPEN)
    record = api.database["reports"].find_one({"_id": report_id})
    assert record is not None
    original = f"{api.url}/api/v1/originals/{report_id}"
    key = record["original"]["key"]

    assert httpx.get(original, headers=headers).headers["X-Scan"] == "clean"
    api.objects.put(key, b"Subject: foto\r\n\r\n" + HARMFUL)
    refused = httpx.get(original, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:helpdesk:problem:infected")
    assert "Lipovany-Test.UNOFFICIAL" in refused.json()["detail"]

    scanner.stop()
    assert httpx.get(original, headers=headers).status_code == 403
    api.objects.put(key, b"Subject: foto\r\n\r\nnew " + HARMFUL)
    given = httpx.get(original, headers=headers)
    assert (given.status_code, given.headers["X-Scan"]) == (200, "not-scanned")
