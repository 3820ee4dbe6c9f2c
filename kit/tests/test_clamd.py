"""One suite for a real virus scanner and one that only speaks like it; then what a scanner should not do."""

import base64
import io
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from pydantic import ValidationError

from deploy.local.clamav import ClamAV
from deploy.local.skipping import skipped_without
from kit import clamd
from kit.clamd import Clamd
from kit.settings import ScannerSettings
from kit.verdicts import Clean, Infected, NotScanned, Verdict, Why

from .scanners import FakeClamd

HARMFUL = b"lipovany zkusebni skodlivy kod"
SIGNATURES = {"Lipovany-Test": HARMFUL}
FOUND = Infected("Lipovany-Test.UNOFFICIAL")
LARGEST = 1_048_576
AWAY = NotScanned(Why.AWAY)


@pytest.fixture(scope="module")
def real() -> Iterator[ClamAV]:
    with ExitStack() as stack:
        with skipped_without("virus scanner"):
            daemon = stack.enter_context(ClamAV(SIGNATURES, largest=LARGEST))
        yield daemon


@pytest.fixture
def fake() -> Iterator[FakeClamd]:
    with FakeClamd(SIGNATURES, largest=LARGEST) as daemon:
        yield daemon


@pytest.fixture(params=["fake", "real"])
def daemon(request: pytest.FixtureRequest) -> FakeClamd | ClamAV:
    found: FakeClamd | ClamAV = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["address", "socket"])
def scanner(request: pytest.FixtureRequest, daemon: FakeClamd | ClamAV) -> Clamd:
    return Clamd(getattr(daemon, request.param), 60)


class Clock:
    """Seconds, which pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_what_no_signature_fits_is_clean(scanner: Clamd) -> None:
    assert scanner.scan(b"vymol v Lipove") == Clean()
    assert scanner.scan(b"") == Clean()
    assert scanner.scan(bytes(range(256)) * 2_000) == Clean()


@pytest.mark.parametrize("before", [0, 1, 65_536 - 10, 65_536, 300_000])
def test_what_a_signature_fits_is_infected_wherever_it_stands(scanner: Clamd, before: int) -> None:
    assert scanner.scan(b"x" * before + HARMFUL + b"x" * 100) == FOUND


def test_what_the_scanner_does_not_take_is_not_scanned_and_the_next_file_is(scanner: Clamd) -> None:
    assert scanner.scan(bytes(LARGEST + 1)) == NotScanned(Why.TOO_LARGE)
    assert scanner.scan(bytes(12 * LARGEST)) == NotScanned(Why.TOO_LARGE)
    assert scanner.scan(HARMFUL) == FOUND


def test_many_may_ask_at_once(scanner: Clamd) -> None:
    contents = [str(number).encode() + (HARMFUL if number % 2 else b"") for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(scanner.scan, contents)) == [FOUND if number % 2 else Clean() for number in range(40)]


def test_the_real_one_looks_into_mails_and_archives(real: ClamAV) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("dopis.txt", HARMFUL * 20)
    assert HARMFUL not in packed.getvalue()
    mail = (
        b"From: obcan@example.test\r\nTo: podatelna@lipovany.test\r\nSubject: foto\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ) + base64.encodebytes(HARMFUL)
    scanner = Clamd(real.address, 60)
    assert scanner.scan(packed.getvalue()) == FOUND
    assert scanner.scan(mail) == FOUND
    assert scanner.scan(mail.replace(base64.encodebytes(HARMFUL), b"dopis\r\n")) == Clean()


def test_a_scanner_that_is_not_there_is_away() -> None:
    assert Clamd("127.0.0.1:1").scan(b"x") == AWAY
    assert Clamd("/nowhere/clamd.socket").scan(b"x") == AWAY


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ({"hangs": True}, AWAY),
        ({"drips": True}, AWAY),
        ({"says": b""}, AWAY),
        ({"says": b"HTTP/1.1 400 Bad Request\r\n\r\n"}, AWAY),
        ({"says": b"stream: Can't allocate memory ERROR\0"}, NotScanned(Why.FAILED)),
        ({"says": b"stream: <script>\xff FOUND\0"}, Infected("unnamed")),
        ({"says": b"stream: " + b"x" * 100_000}, AWAY),
        ({"says": b"stream: OK"}, Clean()),
    ],
)
def test_whatever_it_does_there_is_an_answer_in_time(told: dict[str, object], verdict: Verdict) -> None:
    with FakeClamd({}, largest=LARGEST, **told) as daemon:  # type: ignore[arg-type]
        began = time.monotonic()
        assert Clamd(daemon.address, 0.5 if verdict == AWAY else 30).scan(b"x") == verdict
        assert time.monotonic() - began < 20


def test_a_scanner_that_is_away_is_left_alone_for_a_moment(fake: FakeClamd) -> None:
    clock = Clock()
    scanner = Clamd(fake.address, 30, clock)
    fake.says = b""
    assert [scanner.scan(b"x") for _ in range(3)] == [AWAY] * 3
    assert fake.asked == 1
    fake.says = None
    clock.now += clamd.LEFT_ALONE_SECONDS - 1
    assert scanner.scan(b"x") == AWAY
    clock.now += 1
    assert scanner.scan(b"x") == Clean()
    assert fake.asked == 2


def test_the_same_bytes_are_asked_about_once_while_the_verdict_holds(fake: FakeClamd) -> None:
    clock = Clock()
    scanner = Clamd(fake.address, 30, clock)
    assert [scanner.scan(HARMFUL), scanner.scan(HARMFUL), scanner.scan(b"x"), scanner.scan(b"x")] == (
        [FOUND, FOUND, Clean(), Clean()]
    )
    assert fake.asked == 2
    clock.now += clamd.REMEMBERED_SECONDS
    fake.signatures = {"Lipovany-New": b"x"}
    assert scanner.scan(b"x") == Infected("Lipovany-New.UNOFFICIAL")
    assert fake.asked == 3


def test_what_is_known_holds_also_while_the_scanner_is_away(fake: FakeClamd) -> None:
    scanner = Clamd(fake.address, 30)
    assert scanner.scan(HARMFUL) == FOUND
    fake.says = b""
    assert scanner.scan(b"x") == AWAY
    assert scanner.scan(HARMFUL) == FOUND


def test_what_was_not_scanned_is_asked_about_again(fake: FakeClamd) -> None:
    scanner = Clamd(fake.address, 30)
    fake.says = b"stream: ERROR\0"
    assert scanner.scan(b"x") == NotScanned(Why.FAILED)
    fake.says = None
    assert scanner.scan(b"x") == Clean()


def test_only_so_many_verdicts_are_remembered(fake: FakeClamd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clamd, "REMEMBERED", 3)
    scanner = Clamd(fake.address, 30)
    for content in (b"1", b"2", b"3", b"4", b"4", b"2", b"1"):
        scanner.scan(content)
    assert fake.asked == 5


def test_without_a_scanner_nothing_is_scanned_and_it_says_so(fake: FakeClamd) -> None:
    assert clamd.scanner(ScannerSettings())(HARMFUL) == NotScanned(Why.NO_SCANNER)
    assert clamd.scanner(ScannerSettings(clamd=fake.address, clamd_seconds=30))(HARMFUL) == FOUND


def test_a_setting_that_is_no_place_is_refused() -> None:
    with pytest.raises(ValidationError, match="not host:port"):
        ScannerSettings(clamd="clamd")
