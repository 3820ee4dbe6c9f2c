"""Attachments by their true type; photos without decoding a pixel."""

import io
import time
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from contracts.reports import PartKind
from intake_email.message import attachments, photos
from intake_email.message.attachments import attachment

from .builders import photo, pixel_bomb


def _package(*names: str, mimetype: str | None = None) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "x")
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "declared", "media_type", "kind"),
    [
        (photo(), "application/octet-stream", "image/jpeg", PartKind.IMAGE),
        (b"\x89PNG\r\n\x1a\n....", "image/png", "image/png", PartKind.IMAGE),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", "image/webp", PartKind.IMAGE),
        (b"\x00\x00\x00\x18ftypheic....", "image/heic", "image/heic", PartKind.IMAGE),
        (b"\x00\x00\x00\x18ftypisom....", "video/mp4", "video/mp4", PartKind.VIDEO),
        (b"%PDF-1.7\n", "application/pdf", "application/pdf", PartKind.DOCUMENT),
        (
            _package("[Content_Types].xml", "word/document.xml"),
            "application/octet-stream",
            attachments._OFFICE[0][1],
            PartKind.DOCUMENT,
        ),
        (
            _package("[Content_Types].xml", "xl/workbook.xml"),
            "application/octet-stream",
            attachments._OFFICE[1][1],
            PartKind.DOCUMENT,
        ),
        (
            _package("content.xml", mimetype="application/vnd.oasis.opendocument.text"),
            "application/zip",
            "application/vnd.oasis.opendocument.text",
            PartKind.DOCUMENT,
        ),
        (_package("a.txt"), "application/zip", "application/zip", PartKind.OTHER),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "application/msword", "application/msword", PartKind.DOCUMENT),
        (b"MZ\x90\x00....", "image/jpeg", "application/vnd.microsoft.portable-executable", PartKind.OTHER),
        (b"\x78\x9f\x3e\x22....", "application/octet-stream", "application/ms-tnef", PartKind.OTHER),
        (b"BEGIN:VCALENDAR\r\n", "text/calendar", "text/calendar", PartKind.OTHER),
        ("jméno;ulice\n".encode(), "text/csv", "text/csv", PartKind.DOCUMENT),
        (b"jen text", "image/jpeg", "text/plain", PartKind.DOCUMENT),
        (b"<html><body>x", "text/plain", "text/html", PartKind.OTHER),
        (b'<?xml version="1.0"?><svg xmlns="x"/>', "image/png", "image/svg+xml", PartKind.OTHER),
        (bytes(range(256)), "image/jpeg", "application/octet-stream", PartKind.OTHER),
        (b"#!AMR\n....", "audio/amr", "audio/amr", PartKind.AUDIO),
    ],
)
def test_the_true_type_is_told_by_content(content: bytes, declared: str, media_type: str, kind: PartKind) -> None:
    found = attachment(content, declared, None, inline=False)
    assert (found.media_type, found.kind) == (media_type, kind)


def test_a_lie_about_the_type_and_an_executable_are_warned_of() -> None:
    assert attachment(b"MZ" + bytes(62), "image/jpeg", "foto.jpg", inline=False).warnings == (
        "declared-type-differs",
        "executable",
    )
    assert attachment(b"text", "text/plain", "faktura.pdf.js", inline=False).warnings == ("executable",)
    assert attachment(
        _package("[Content_Types].xml", "xl/x"), "application/octet-stream", "a.xlsm", inline=False
    ).warnings == ("macros",)
    assert attachment(photo(), "image/jpg", "foto.jpg", inline=False).warnings == ()
    assert attachment(b"", "image/jpeg", "foto.jpg", inline=False).warnings[0] == "empty"


def test_a_declared_type_of_the_senders_own_making_never_leaves_the_personal_part() -> None:
    for declared in ("text/obcan-z-lipove", "application/obcan+xml"):
        assert "obcan" not in attachments.true_type(b"<?xml version='1.0'?><a/>", declared)
        assert "obcan" not in attachments.true_type(b"text", declared)
    package = _package(mimetype="application/obcan-z-lipove")
    assert attachments.true_type(package, "application/zip") == "application/zip"


def test_place_and_time_of_a_photo_are_read() -> None:
    found = attachment(photo(place=(49.9421, 15.2683)), "image/jpeg", "vymol.jpg", inline=False)
    assert found.latitude == pytest.approx(49.9421, abs=1e-5)
    assert found.longitude == pytest.approx(15.2683, abs=1e-5)
    assert found.taken_at == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    south_west = attachment(photo(place=(-12.5, -7.25)), "image/jpeg", None, inline=False)
    assert (south_west.latitude, south_west.longitude) == (-12.5, -7.25)


def test_a_photo_without_place_or_with_none_fixed_has_none() -> None:
    assert attachment(photo(place=None), "image/jpeg", None, inline=False).latitude is None
    assert attachment(photo(place=(0, 0)), "image/jpeg", None, inline=False).latitude is None
    assert attachment(photo(taken="0000:00:00 00:00:00"), "image/jpeg", None, inline=False).taken_at is None


def test_the_place_of_a_heic_photo_is_found_in_its_exif_block() -> None:
    exif = photo()[photo().find(b"Exif\0\0") :][:600]
    heic = b"\x00\x00\x00\x18ftypheic" + b"\x00" * 50 + exif
    found = attachment(heic, "image/heic", None, inline=False)
    assert found.latitude == pytest.approx(49.9421, abs=1e-5)


@pytest.mark.parametrize("sides", [(50_000, 50_000), (12_000, 9_000), (2_147_483_647, 2_147_483_647)])
def test_a_pixel_bomb_is_a_number_not_a_picture(sides: tuple[int, int]) -> None:
    began = time.process_time()
    found = attachment(pixel_bomb(*sides), "image/png", "bomba.png", inline=False)
    assert "too-many-pixels" in found.warnings
    assert time.process_time() - began < 0.5


def test_a_bomb_in_a_format_that_is_never_opened_is_seen_by_its_header() -> None:
    webp = b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + (16_382).to_bytes(3, "little") * 2
    assert "too-many-pixels" in attachment(webp, "image/webp", None, inline=False).warnings
    size = (40_000).to_bytes(4, "big")
    heic = b"\x00\x00\x00\x18ftypheic....ispe\x00\x00\x00\x00" + size + size
    assert "too-many-pixels" in attachment(heic, "image/heic", None, inline=False).warnings


def test_no_pixel_is_ever_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("pixels were decoded")

    whole = photo()
    monkeypatch.setattr(Image.Image, "load", refuse)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", refuse)
    assert attachment(whole, "image/jpeg", None, inline=False).warnings == ()


def test_a_broken_picture_is_warned_of() -> None:
    assert "unreadable-image" in attachment(b"\xff\xd8\xff\xe0broken", "image/jpeg", None, inline=False).warnings
    broken = photo().replace(b"Exif\0\0MM", b"Exif\0\0XX").replace(b"Exif\0\0II", b"Exif\0\0XX")
    assert attachment(broken, "image/jpeg", None, inline=False).latitude is None


@given(st.binary(max_size=200), st.integers(0, 600))
def test_damaged_photos_never_raise(noise: bytes, at: int) -> None:
    whole = photo()
    photos.read(whole[:at] + noise + whole[at + len(noise) :], "image/jpeg")
    photos.read(b"Exif\0\0" + noise, "image/webp")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("výmol.jpg", "výmol.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\obcan\\foto.jpg", "foto.jpg"),
        ("a\x00b\r\nc.jpg", "ab c.jpg"),
        ("\u202egpj.exe", "gpj.exe"),
        ("...", None),
        ("", None),
        (None, None),
        ("x" * 300 + ".jpg", "x" * 146 + ".jpg"),
        ("y" * 300, "y" * 150),
        ("a" * 149 + " b" * 50, "a" * 149),
        ("a" * 144 + " " * 9 + "b" * 90 + ".docm", "a" * 144 + ".docm"),
        ("con.txt", "_con.txt"),
        ("a\u202egpj.exe", "agpj.exe"),
        ('<b>"a":b|c?*.txt', "_b__a__b_c__.txt"),
    ],
)
def test_file_names_are_made_harmless(name: str | None, kept: str | None) -> None:
    assert attachments.safe_file_name(name) == kept
