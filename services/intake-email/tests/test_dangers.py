"""What may do harm is marked by content, whatever it is called, in bounded time."""

import io
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake_email.message import dangers
from intake_email.message.attachments import attachment

from .builders import photo

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SHORTCUT = bytes.fromhex("4c0000000114020000000000c000000000000046")
INSTALLER = bytes.fromhex("84100c0000000000c000000000000046")


def entry(name: str, kind: int = 1, rest: bytes = b"") -> bytes:
    """A directory entry of a compound file."""
    written = name.encode("utf-16-le") + b"\0\0"
    return (written.ljust(64, b"\0") + len(written).to_bytes(2, "little") + bytes([kind]) + rest).ljust(128, b"\0")


def compound(*entries: bytes) -> bytes:
    """A compound file whose directory is its third sector."""
    return OLE.ljust(1_024, b"\0") + entry("Root Entry", 5) + b"".join(entries)


def package(*names: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, "obsah " * 20)
    return written.getvalue()


def warned(content: bytes, name: str | None = "dopis", declared: str = "application/octet-stream") -> set[str]:
    return set(attachment(content, declared, name, inline=False).warnings)


@pytest.mark.parametrize(
    "content",
    [
        b"MZ" + bytes(62),
        b"\x7fELF\x02\x01\x01",
        b"\xcf\xfa\xed\xfe\x07\0\0\x01" + bytes(24),
        b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(40),
        b"\xca\xfe\xba\xbe\0\0\0\x41" + bytes(40),
        b"#!/bin/sh\nrm -r ~\n",
        b"#! /usr/bin/env python3\n",
        b"@echo off\r\ndel *.*\r\n",
        b"\xef\xbb\xbf\r\n @ECHO OFF\r\n",
        b"#@~^XAAAAA==",
        SHORTCUT + bytes(56),
        b"ITSF\x03\0\0\0" + bytes(30),
        b"<html><head><HTA:APPLICATION id=a></head></html>",
        compound(entry("x", 2, INSTALLER)),
    ],
    ids=[
        *("windows", "linux", "macintosh", "macintosh-twice", "java", "shell", "python", "batch", "batch-with-mark"),
        *("encoded-script", "shortcut", "help", "html-application", "installer"),
    ],
)
@pytest.mark.parametrize("name", ["foto.jpg", "dopis.txt", None])
def test_a_program_is_one_whatever_it_is_called(content: bytes, name: str | None) -> None:
    assert "executable" in warned(content, name)
    assert "executable" in warned(content, name, "image/jpeg")


@pytest.mark.parametrize("name", ["VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros", "vba", "MACROS"])
def test_macros_of_the_old_office_formats_are_seen_in_the_directory(name: str) -> None:
    content = compound(entry("WordDocument", 2), entry(name))
    assert warned(content, "zadost.doc", "application/msword") == {"macros"}
    assert "macros" in warned(content, "foto.jpg", "image/jpeg")


@pytest.mark.parametrize(
    "names",
    [
        ("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        ("[Content_Types].xml", "word/document.xml", "word/vbaData.xml"),
        ("[Content_Types].xml", "xl/workbook.xml", "xl/VBAPROJECT.BIN"),
        ("[Content_Types].xml", "xl/workbook.xml", "xl/macrosheets/sheet1.xml"),
        ("mimetype", "content.xml", "Basic/Standard/script-lb.xml"),
        ("soubory/zadost.docm",),
    ],
)
def test_macros_of_the_new_office_formats_are_seen_by_the_names_inside(names: tuple[str, ...]) -> None:
    assert "macros" in warned(package(*names), "zadost.docx")


@pytest.mark.parametrize(
    "name", ["faktura.exe", "a/b/faktura.pdf.JS", "foto.jpg.lnk", "Hra.class", "spust.sh", "a.exe "]
)
def test_an_archive_with_a_program_is_marked(name: str) -> None:
    content = package("foto.jpg", name)
    assert warned(content, "foto.zip") == {"archive-with-executable"}
    assert "archive-with-executable" in warned(content, "foto.jpg", "image/jpeg")


def test_a_name_of_any_length_and_character_set_is_read_at_its_end() -> None:
    for name in ("x" * 60_000 + ".exe", "žlutý kůň.exe", "\u202egpj.exe"):
        assert warned(package(name)) == {"archive-with-executable"}


def test_an_archive_cut_short_or_with_a_directory_that_lies_still_tells() -> None:
    whole = package("foto.jpg", "faktura.exe", "konec.txt")
    directory = whole.index(b"PK\x01\x02")
    assert warned(whole[:directory]) == {"archive-with-executable"}
    assert warned(whole[:directory] + b"PK\x05\x06" + bytes(18)) == {"archive-with-executable"}
    assert warned(whole[: whole.index(b"faktura")]) == set()


def test_archives_that_nobody_looks_into_say_so() -> None:
    assert warned(b"Rar!\x1a\x07\x01\0" + bytes(40), "a.rar") == {"archive-unread"}
    assert warned(b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(40), "a.7z") == {"archive-unread"}


def test_what_is_harmless_is_not_warned_of() -> None:
    harmless = [
        (photo(), "foto.jpg"),
        (package("[Content_Types].xml", "word/document.xml", "word/media/image1.png"), "zadost.docx"),
        (package("mimetype", "content.xml", "META-INF/manifest.xml"), "zadost.odt"),
        (package("foto.jpg", "dopis.pdf", "www/vba.txt", "exe", "macros/"), "vse.zip"),
        (compound(entry("WordDocument", 2), entry("VBA macros", 2), entry("Macros", 5)), "zadost.doc"),
        (b"#!AMR\n" + bytes(20), "hlas.amr"),
        ("Napište mi prosím, kde je #!/bin/sh a @echo off.".encode(), "dopis.txt"),
        (b"%PDF-1.7\nPK\x03\x04", "dopis.pdf"),
    ]
    assert [
        warned(content, name) & {"executable", "macros", "archive-with-executable"} for content, name in harmless
    ] == ([set()] * len(harmless))


def _headers(name: bytes, times: int) -> bytes:
    local = b"PK\x03\x04" + bytes(22) + len(name).to_bytes(2, "little") + bytes(2) + name
    return local * times


@pytest.mark.parametrize(
    "content",
    [
        _headers(b"a", 100_000),
        _headers(b"", 800_000),
        (b"PK\x03\x04" + b"\xff" * 26) * 800_000,
        b"PK\x03\x04" + b"PK" * 12_000_000,
        b"PK\x05\x06" + b"\xff" * 25_000_000,
        # One of the old format, all of whose entries are nearly macros.
        OLE.ljust(512, b"\0") + entry("_VBA_PROJECT_CUS") * 200_000,
        OLE + bytes(25_000_000),
        b"PK\x03\x04" + b"\xff" * 8 + b"\xff\xff\xff\x7f" * 2 + b"\x05\0\0\0bomba",
    ],
    ids=["100000-entries", "800000-entries", "long-names", "half-headers", "no-headers", "entries", "zeros", "bomb"],
)
def test_whatever_is_said_to_be_inside_it_takes_a_moment(content: bytes) -> None:
    began = time.process_time()
    dangers.warnings_of(content, "application/zip", None)
    assert time.process_time() - began < 2.0


def test_of_an_archive_with_too_many_entries_it_is_said_that_it_was_not_read_to_its_end() -> None:
    assert "archive-unread" in warned(_headers(b"a", 100_000))
    assert "archive-unread" not in warned(_headers(b"a", dangers.MOST_ENTRIES))


@given(
    st.sampled_from([OLE, b"PK\x03\x04", b"PK\x01\x02", b"\xca\xfe", b""]),
    st.binary(max_size=1_200),
    st.integers(0, 700),
)
def test_nothing_makes_it_fail(head: bytes, noise: bytes, at: int) -> None:
    whole = head + compound(entry("VBA"))[len(head) :]
    for content in (head + noise, whole[:at] + noise, package("a.exe")[:at] + noise):
        warned(content)
