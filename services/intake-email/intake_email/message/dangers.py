"""What of a file may do harm when it is opened: programs, macros, archives with either. By content and by name; nothing is unpacked."""

import re
from collections.abc import Iterator

MOST_ENTRIES = 50_000
"""Of an archive; what has more is said to be unread."""

_PROGRAM_TYPES = frozenset({"application/vnd.microsoft.portable-executable", "application/x-elf"})
_UNREAD_TYPES = frozenset({"application/vnd.rar", "application/x-7z-compressed"})
_PROGRAM_HEADS = (
    *(b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"),  # Mach-O
    b"\xca\xfe\xba\xbe",  # Java class, and Mach-O for several processors
    b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46",  # Windows shortcut (LNK)
    b"ITSF\x03\0\0\0",  # compiled HTML help
    b"#@~^",  # encoded JScript or VBScript
)
_SCRIPT = re.compile(rb"#![ \t]*/|(?:\xef\xbb\xbf)?\s{0,64}@echo\s+off\b", re.IGNORECASE)
_HTML_APPLICATION = re.compile(rb"<hta:application\b", re.IGNORECASE)
_PROGRAM_NAME = re.compile(
    r"\.(exe|scr|com|bat|cmd|pif|js|jse|vbs|vbe|vb|ws|wsc|wsf|wsh|ps1|psm1|msi|msp|msix|appx|hta|jar|lnk|cpl|dll|reg|inf|scf|sct|url|iso|img|vhd|apk|chm|one|xll)$",
    re.IGNORECASE,
)
_PROGRAM_NAME_INSIDE = re.compile(rf"{_PROGRAM_NAME.pattern}|\.(class|dex|sh)$", re.IGNORECASE)
_MACRO_NAME = re.compile(r"\.(docm|dotm|xlsm|xltm|xlam|pptm|ppam)$", re.IGNORECASE)
# Visual Basic in the new office formats, Excel's macro sheets, Basic and scripts in OpenDocument.
_MACROS_INSIDE = re.compile(r"(^|/)(vbaProject\.bin|vbaData\.xml|macrosheets/.+|Basic/.+-l[bc]\.xml)$", re.IGNORECASE)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


_OLE_MACROS = frozenset(
    name.encode("utf-16-le").lower() + bytes(2) for name in ("VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "Macros")
)
_STORAGE_OR_STREAM = (1, 2)
# The class of an installer or a patch, in the root entry of its compound file.
_OLE_INSTALLER = re.compile(rb"[\x84\x86]\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46")
# Both kinds of headers, wherever they stand: a directory that lies hides nothing, and a file cut short still tells.
_ZIP_HEADER = re.compile(rb"PK(?:\x01\x02.{24}(..).{16}|\x03\x04.{22}(..)..)", re.DOTALL)


def warnings_of(content: bytes, media_type: str, name: str | None) -> list[str]:
    """Codes: `executable`, `macros`, `archive-with-executable`, `archive-unread`. Linear in the content's length; never raises."""
    inside = _inside(content, media_type)
    found = {
        "executable": _is_program(content, media_type) or _matches(_PROGRAM_NAME, name),
        "macros": "macros" in inside or _matches(_MACRO_NAME, name),
        "archive-with-executable": "executable" in inside,
        "archive-unread": "unread" in inside,
    }
    return [code for code, is_so in found.items() if is_so]


def _is_program(content: bytes, media_type: str) -> bool:
    if media_type in _PROGRAM_TYPES or content.startswith(_PROGRAM_HEADS) or _SCRIPT.match(content):
        return True
    if content.startswith(_OLE):
        return _OLE_INSTALLER.search(content) is not None
    return _HTML_APPLICATION.search(content, 0, 4_096) is not None


def _inside(content: bytes, media_type: str) -> set[str]:
    if media_type in _UNREAD_TYPES:
        return {"unread"}
    if content.startswith(_OLE):
        return {"macros"} if _has_ole_macros(content) else set()
    if not content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return set()
    found: set[str] = set()
    for position, entry in enumerate(_entries(content)):
        if position == MOST_ENTRIES:
            return {*found, "unread"}
        if _PROGRAM_NAME_INSIDE.search(entry):
            found.add("executable")
        elif _MACROS_INSIDE.search(entry) or _MACRO_NAME.search(entry):
            found.add("macros")
    return found


def _has_ole_macros(content: bytes) -> bool:
    """Whether a directory entry of a compound file (MS-CFB 2.6.1) names macros: 128 octets, of which 64 are the name, then its length
    and kind. Entries are aligned, so no chain of sectors has to be followed, nor believed."""
    return any(
        content[entry + 66] in _STORAGE_OR_STREAM
        and content[entry : entry + content[entry + 64]].lower() in _OLE_MACROS
        for entry in range(512, len(content) - 67, 128)
    )


def _entries(content: bytes) -> Iterator[str]:
    """Endings of the names of a zip's entries, most of them twice."""
    for header in _ZIP_HEADER.finditer(content):
        end = header.end() + int.from_bytes(header[1] or header[2], "little")
        # Every character set of names has these letters where ASCII has them.
        yield content[max(header.end(), end - 256) : end].decode("latin-1").rstrip(" .")


def _matches(pattern: re.Pattern[str], name: str | None) -> bool:
    return name is not None and pattern.search(name) is not None
