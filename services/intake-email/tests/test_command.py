"""`python -m intake_email parse FILE`: JSON for any message at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.reports import ReportReceived

from .builders import ADDRESS, file, message, multipart, part, photo, text


def _parse(path: Path | str, *more: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "intake_email", "parse", str(path), *more],
        input=stdin,
        env={**bare, **environment},
        capture_output=True,
        check=False,
    )


def test_parse_prints_the_events_data(tmp_path: Path) -> None:
    path = tmp_path / "hlaseni.eml"
    path.write_bytes(multipart([part("Výmol"), file(photo(), "image/jpeg", "vymol.jpg")]))
    done = _parse(path, "--received-at", "2026-11-24T10:00:00Z")
    assert done.returncode == 0
    data = ReportReceived.model_validate_json(done.stdout)
    assert data.personal.text == "Výmol"
    assert data.personal.file_names == {"part-1": "vymol.jpg"}
    assert data.received_at.isoformat() == "2026-11-24T10:00:00+00:00"
    assert _parse(path, "--received-at", "2026-11-24T10:00:00Z").stdout == done.stdout


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff" * 500, b"\r\n\r\n", message(b"\xff", Content_Type="text/plain; charset=utf-8")]
)
def test_parse_takes_any_bytes_and_names_the_defects(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "cokoli"
    path.write_bytes(raw)
    done = _parse(path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["defects"]


def test_parse_reads_standard_input_and_finds_the_town_by_its_address() -> None:
    raw = text("Výmol", To="Hora <mesto@hora.test>")
    done = _parse("-", stdin=raw, MUNICIPALITIES=f"{ADDRESS}=lipovany,mesto@hora.test=hora")
    assert json.loads(done.stdout)["original"]["key"].startswith("originals/hora/")
    given = _parse("-", "--recipient", ADDRESS, stdin=raw, MUNICIPALITIES=f"{ADDRESS}=lipovany,mesto@hora.test=hora")
    assert json.loads(given.stdout)["original"]["key"].startswith("originals/lipovany/")


def test_parse_knows_the_null_return_path() -> None:
    assert json.loads(_parse("-", "--sender", "", stdin=message()).stdout)["automatic"] == "generated"
    assert json.loads(_parse("-", stdin=message(Return_Path="<>")).stdout)["automatic"] == "generated"


def test_a_file_that_is_not_there_is_told_and_fails() -> None:
    done = _parse("neni-tu.eml")
    assert done.returncode == 2
    assert b"neni-tu.eml" in done.stderr


def test_a_wrong_setting_is_told_by_its_name() -> None:
    done = _parse("-", stdin=message(), MUNICIPALITIES="podatelna")
    assert done.returncode == 2
    assert b"MUNICIPALITIES" in done.stderr


def test_serving_without_the_pseudonym_key_is_refused() -> None:
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run([sys.executable, "-m", "intake_email", "serve"], env=bare, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"PSEUDONYM_KEY" in done.stderr
