"""What no client of ours would send: requests made up from the OpenAPI document by Schemathesis, with tokens of each role.

Every answer is one that the document names, in the form that it names, and none is a fault of ours. The same requests every time.
"""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from contracts.types import Confidentiality
from tickets.cases.permissions import StaffRole

from .running import RunningApi, running_api, with_cases

pytestmark = pytest.mark.integration
OPEN, RESTRICTED, SEALED = Confidentiality.OPEN, Confidentiality.RESTRICTED, Confidentiality.SEALED


@pytest.fixture(scope="module")
def running(servers: Mapping[str, str]) -> Iterator[RunningApi]:
    with running_api(servers) as api:
        yield with_cases(api)


# The document cannot say which codes a pack knows, or where a case may go: such refusals are good answers too.
EXPECTED = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 412, 422, 428]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 412, 413, 415, 422, 428]
"""


def made_up(
    url: str, folder: Path, token: str, phases: str, examples: int, known: Mapping[str, str]
) -> tuple[str, int]:
    """What Schemathesis says, in the end how many requests it made; `known` are parameters that lead to what there is."""
    config = folder / "schemathesis.toml"
    config.write_text(EXPECTED + "[parameters]\n" + "".join(f"{name} = '{value}'\n" for name, value in known.items()))
    options = ["--header", f"Authorization: Bearer {token}", "--phases", phases, "--max-examples", str(examples)]
    steady = ["--generation-deterministic", "--no-color", "--no-shrink", "--request-timeout", "60"]
    # Whether addresses exist is none of its warnings' business: most are made up.
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", f"{url}/openapi.json"]
    done = subprocess.run(
        [*command, *options, *steady, "--warnings", "off"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=folder,
    )
    told = done.stdout + done.stderr
    count = re.search(r"(\d+) generated", told)
    return ("" if done.returncode == 0 else told), int(count[1]) if count else 0


def to_a_case(running: RunningApi, degree: Confidentiality) -> dict[str, str]:
    ticket, report = running.tickets[degree], running.report_of(degree)
    return {"ticket_id": str(ticket), "report_id": str(report), "name": "part-1"}


@pytest.mark.parametrize(
    ("role", "degree", "phases"),
    [
        (StaffRole.DISPATCHER, OPEN, "coverage,fuzzing"),
        (StaffRole.RESOLVER, RESTRICTED, "fuzzing"),
        (StaffRole.WHISTLEBLOWING_OFFICER, SEALED, "fuzzing"),
        (StaffRole.SECRETARY, RESTRICTED, "fuzzing"),
        (StaffRole.READER, OPEN, "fuzzing"),
        (StaffRole.ADMIN, SEALED, "fuzzing"),
    ],
)
def test_whatever_somebody_sends_about_a_case_is_answered_as_documented(
    running: RunningApi, tmp_path: Path, role: StaffRole, degree: Confidentiality, phases: str
) -> None:
    known = {**to_a_case(running, degree), "if-match": "*"}
    faults, requests = made_up(running.url, tmp_path, running.token(role), phases, 10, known)
    assert not faults, faults
    assert requests > 60


def test_whatever_somebody_sends_to_made_up_addresses_and_those_that_answers_name_is_answered_as_documented(
    running: RunningApi, tmp_path: Path
) -> None:
    faults, requests = made_up(running.url, tmp_path, running.token(*StaffRole), "fuzzing,stateful", 8, {})
    assert not faults, faults
    assert requests > 60


def test_without_a_token_that_holds_every_request_is_refused_as_documented(running: RunningApi, tmp_path: Path) -> None:
    faults, requests = made_up(running.url, tmp_path, "x" * 43, "fuzzing", 5, to_a_case(running, OPEN))
    assert not faults, faults
    assert requests > 30


@pytest.mark.parametrize(
    ("status", "kind", "found"),
    [
        (500, "application/problem+json", "Server error"),
        (418, "application/problem+json", "Undocumented status code"),
        (422, "text/html", "Undocumented Content-Type"),
        (422, "application/problem+json", "Response violates schema"),
    ],
)
def test_a_server_that_does_not_keep_to_its_document_is_found(
    running: RunningApi, tmp_path: Path, status: int, kind: str, found: str
) -> None:
    document = httpx.get(f"{running.url}/openapi.json").content

    class Careless(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_document = self.path == "/openapi.json"
            body = document if is_document else b"{}"
            self.send_response(200 if is_document else status)
            self.send_header("Content-Type", "application/json" if is_document else kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the names that http.server asks for

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Careless) as careless:
        threading.Thread(target=careless.serve_forever, daemon=True).start()
        faults, _ = made_up(f"http://127.0.0.1:{careless.server_port}", tmp_path, "x", "fuzzing", 1, {})
        careless.shutdown()
    assert found in faults
