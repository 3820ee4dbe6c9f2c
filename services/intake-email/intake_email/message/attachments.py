"""Attachments by what they are, not by what the sender says."""

import re
import struct
from dataclasses import dataclass, field
from datetime import datetime

import puremagic

from contracts.reports import PartKind
from intake_email.message import charsets, dangers, photos

MAXIMUM_FILE_NAME = 150

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"\x7fELF", "application/x-elf"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"#!AMR", "audio/amr"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"\x1a\x45\xdf\xa3", "video/x-matroska"),
)
_BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"avif": "image/avif",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"3gp4": "video/3gpp",
    b"3gp5": "video/3gpp",
    b"3gp6": "video/3gpp",
}
_TEXTS: tuple[tuple[bytes, str], ...] = (
    (b"BEGIN:VCALENDAR", "text/calendar"),
    (b"BEGIN:VCARD", "text/vcard"),
    (b"<!DOCTYPE HTML", "text/html"),
    (b"<HTML", "text/html"),
    (b"<SVG", "image/svg+xml"),
    (b"<?XML", "application/xml"),
)
_OFFICE = (
    (b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
)
_OLE_KINDS = {
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-outlook",
}
_SAME = {
    frozenset({"image/jpeg", "image/jpg"}),
    frozenset({"image/jpeg", "image/pjpeg"}),
    frozenset({"application/rtf", "text/rtf"}),
    frozenset({"application/zip", "application/x-zip-compressed"}),
    frozenset({"audio/wav", "audio/x-wav"}),
    frozenset({"application/xml", "text/xml"}),
    frozenset({"image/heic", "image/heif"}),
    frozenset({"image/bmp", "image/x-ms-bmp"}),
    frozenset({"video/mp4", "audio/mp4"}),
    frozenset({"video/mp4", "video/quicktime"}),
}
_NOT_IN_FILE_NAMES = re.compile(r'[<>:"|?*]')
_DEVICE_NAME = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
_TURNED_ROUND = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Marks that turn letters round, by which exe looks like jpg."""
_SIGNED_OR_ENCRYPTED = frozenset(
    {
        *("application/pkcs7-mime", "application/x-pkcs7-mime"),
        *("application/pkcs7-signature", "application/x-pkcs7-signature"),
    }
)
_MEDIA_TYPE = re.compile(r"^[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,127}$")
_PACKAGE = re.compile(rb"application/(epub\+zip|vnd\.oasis\.opendocument\.(text|spreadsheet|presentation|graphics))")
_BELIEVED_TEXTS = frozenset(
    {
        *("text/plain", "text/html", "text/csv", "text/calendar", "text/vcard", "text/markdown", "text/rfc822-headers"),
        *("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"),
        *(
            "application/pgp-encrypted",
            "application/json",
            "application/gpx+xml",
            "application/vnd.google-earth.kml+xml",
        ),
    }
)
"""Declarations that content cannot contradict. A closed list: the type travels outside the personal part of an event, so
it must not carry words of a sender's own making."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a message. `latitude` and `longitude` are WGS 84 degrees."""

    content: bytes = field(repr=False)
    media_type: str
    kind: PartKind
    file_name: str | None
    inline: bool
    warnings: tuple[str, ...] = ()
    taken_at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None


def attachment(content: bytes, declared: str, file_name: str | None, *, inline: bool) -> Attachment:
    """What a part is. Never raises; what cannot be read becomes a warning."""
    name = safe_file_name(file_name)
    media_type = true_type(content, declared)
    warnings = []
    if file_name and _TURNED_ROUND.search(file_name):
        warnings.append("misleading-name")
    if not content:
        warnings.append("empty")
    elif _differs(media_type, declared):
        warnings.append("declared-type-differs")
    warnings += dangers.warnings_of(content, media_type, name)
    photo = photos.read(content, media_type) if media_type.startswith("image/") else photos.Photo()
    return Attachment(
        content,
        media_type,
        _kind(media_type),
        name,
        inline,
        (*warnings, *photo.warnings),
        photo.taken_at,
        photo.latitude,
        photo.longitude,
    )


def true_type(content: bytes, declared: str) -> str:
    """Media type by content; the declared one only where content cannot contradict it (text, office files in old format)."""
    head = content[:32]
    for offset, signature, media_type in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature and (offset == 0 or head[:4] == b"RIFF"):
            return declared if media_type == "application/x-ole-storage" and declared in _OLE_KINDS else media_type
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _archive(content)
    if (short := _short_signature(content)) is not None:
        return short
    if declared in ("message/rfc822", "message/global"):
        return "message/rfc822"
    if declared in _SIGNED_OR_ENCRYPTED and head[:1] == b"\x30":
        return declared
    return _text(content, declared) or _rare(content)


def _short_signature(content: bytes) -> str | None:
    """Two letters are a signature only with the zeros of a binary header behind them: a text may begin with BM or MZ."""
    if content[:2] == b"BM" and content[6:10] == bytes(4):
        return "image/bmp"
    if content[:2] == b"MZ" and b"\0" in content[:64]:
        return "application/vnd.microsoft.portable-executable"
    return None


def safe_file_name(name: str | None) -> str | None:
    """A name under which any system can save it, at most 150 letters, its ending kept: no folders, control characters, marks of
    direction, nor letters that file systems or pages take for something else."""
    if not name:
        return None
    name = re.split(r"[/\\]", charsets.one_line(name))[-1]
    name = _NOT_IN_FILE_NAMES.sub("_", name).strip(" .") or None
    if name is None:
        return None
    if _DEVICE_NAME.match(name):
        name = f"_{name}"
    if len(name) <= MAXIMUM_FILE_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        return name[:MAXIMUM_FILE_NAME].rstrip(" .")
    return f"{stem[: MAXIMUM_FILE_NAME - len(ending) - 1].rstrip(' .')}.{ending}"


def _archive(content: bytes) -> str:
    if content[30:38] == b"mimetype":
        match = _PACKAGE.match(content, 38)
        if match:
            return match[0].decode()
    listing = content[:4_096] + content[-16_384:]
    if b"[Content_Types].xml" in listing:
        for folder, media_type in _OFFICE:
            if folder in listing:
                return media_type
    return "application/zip"


def _text(content: bytes, declared: str) -> str | None:
    sample = content[:1_024]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return declared if declared in _BELIEVED_TEXTS else "text/plain"
    if b"\0" in sample or sum(1 for octet in sample if octet < 32 and octet not in (9, 10, 12, 13)) > 2:
        return None
    beginning = sample.lstrip(b"\xef\xbb\xbf \t\r\n").upper()
    for mark, media_type in _TEXTS:
        if beginning.startswith(mark):
            if media_type == "application/xml" and b"<SVG" in beginning:
                return "image/svg+xml"
            return declared if media_type == "application/xml" and declared in _BELIEVED_TEXTS else media_type
    if declared in _BELIEVED_TEXTS:
        return declared
    return "text/plain" if sample.isascii() or _is_utf8(sample) or declared.startswith("text/") else None


def _rare(content: bytes) -> str:
    """A second opinion on rare formats; short signatures hit by chance, so only long ones count."""
    try:
        found = puremagic.magic_string(content[:65_536])
    except (puremagic.PureError, ValueError, IndexError, struct.error):
        return "application/octet-stream"
    for match in found:
        if len(match.byte_match) >= 4 and match.mime_type and _MEDIA_TYPE.match(match.mime_type.lower()):
            return str(match.mime_type.lower())
    return "application/octet-stream"


def _is_utf8(sample: bytes) -> bool:
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(sample) - 4
    return True


def _differs(media_type: str, declared: str) -> bool:
    if (
        declared in ("", "application/octet-stream", "application/x-download", "application/force-download")
        or media_type == declared
    ):
        return False
    if media_type == "application/octet-stream":
        return not declared.startswith("application/")
    if media_type == "text/plain":
        return not declared.startswith(("text/", "message/", "application/smil"))
    return frozenset({media_type, declared}) not in _SAME


def _kind(media_type: str) -> PartKind:
    main = media_type.partition("/")[0]
    if media_type == "message/rfc822":
        return PartKind.MESSAGE
    if main in ("image", "audio", "video") and media_type != "image/svg+xml":
        return PartKind(main)
    office = (
        "application/pdf",
        "application/rtf",
        "application/msword",
        "application/vnd.oasis",
        "application/vnd.openxml",
    )
    if media_type in ("text/plain", "text/csv") or media_type.startswith((*office, "application/vnd.ms-")):
        return PartKind.DOCUMENT
    return PartKind.OTHER
