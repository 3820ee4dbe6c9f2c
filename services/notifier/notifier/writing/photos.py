"""Photos without what a camera adds (place, time, owner, serial number), for bodies outside the town.

Nothing is decoded: whole segments are left out, so the picture stays bit for bit and no pixel bomb can go off. Formats that are
not known here are not let through. Only the orientation stays, because phones turn pictures by it.
"""

import struct
import zlib
from collections.abc import Iterator

_SOI, _EOI, _SOS = b"\xff\xd8", 0xD9, 0xDA
# What a decoder needs: JFIF, ICC profiles and Adobe's colour transform; all other application segments and comments go.
_JFIF, _ICC, _ADOBE = (0xE0, b"JFIF\0"), (0xE2, b"ICC_PROFILE\0"), (0xEE, b"Adobe")
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs", b"bKGD"}
)
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"ANIM", b"ANMF"})


class NotStrippable(ValueError):
    """Not a sound JPEG, PNG or WebP."""


def without_metadata(content: bytes) -> bytes:
    """The same picture without metadata and without what is hung on behind it. Raises NotStrippable."""
    try:
        if content.startswith(_SOI):
            return _jpeg(content)
        if content.startswith(_PNG):
            return _png(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _webp(content)
    except (IndexError, struct.error):
        raise NotStrippable("cut short") from None
    raise NotStrippable("unknown format")


def _jpeg(content: bytes) -> bytes:
    kept, orientation = [], 1
    for marker, segment in _jpeg_segments(content):
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            orientation = _orientation(segment[10:]) or orientation
        elif not (0xE0 <= marker <= 0xEF or marker == 0xFE) or _needed(marker, segment):
            kept.append(segment)
    turned = [] if orientation == 1 else [_exif_with(orientation)]
    return b"".join([_SOI, *turned, *kept])


def _needed(marker: int, segment: bytes) -> bool:
    return any(marker == number and segment[4:].startswith(name) for number, name in (_JFIF, _ICC, _ADOBE))


def _jpeg_segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and bytes of each segment up to the end of the image; a scan comes with its picture data."""
    place = 2
    while True:
        if content[place] != 0xFF:
            raise NotStrippable("no marker where one must be")
        marker = content[place + 1]
        if marker == 0xFF:  # fill byte
            place += 1
            continue
        if marker == _EOI:
            yield marker, content[place : place + 2]
            return
        length = struct.unpack_from(">H", content, place + 2)[0]
        end = place + 2 + length
        if length < 2 or end > len(content):
            raise NotStrippable("a segment is longer than the file")
        if marker == _SOS:
            end = _end_of_scan(content, end)
        yield marker, content[place:end]
        place = end


def _end_of_scan(content: bytes, place: int) -> int:
    while True:
        place = content.find(b"\xff", place)
        if place < 0:
            raise NotStrippable("the picture has no end")
        following = content[place + 1]
        # Stuffed bytes and restart markers belong to the picture.
        if following != 0 and not 0xD0 <= following <= 0xD7 and following != 0xFF:
            return place
        place += 1 if following == 0xFF else 2


def _orientation(exif: bytes) -> int | None:
    """Tag 0x0112 of the first directory; None where there is none or the block is broken."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return None
    try:
        directory = struct.unpack_from(f"{order}I", exif, 4)[0]
        for entry in range(struct.unpack_from(f"{order}H", exif, directory)[0]):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, directory + 2 + entry * 12)
            if tag == 0x0112 and kind == 3 and 1 <= value <= 8:
                return int(value)
    except struct.error:
        return None
    return None


def _exif_with(orientation: int) -> bytes:
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    payload = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload


def _png(content: bytes) -> bytes:
    kept, place = [_PNG], len(_PNG)
    while True:
        length, name = struct.unpack_from(">I4s", content, place)
        end = place + 12 + length
        if end > len(content):
            raise NotStrippable("a chunk is longer than the file")
        if name == b"eXIf" and (orientation := _orientation(content[place + 8 : end - 4])) not in (None, 1):
            tiff = _exif_with(orientation)[10:]
            kept.append(struct.pack(">I", len(tiff)) + b"eXIf" + tiff + struct.pack(">I", zlib.crc32(b"eXIf" + tiff)))
        elif name in _PNG_KEPT:
            kept.append(content[place:end])
        if name == b"IEND":
            return b"".join(kept)
        place = end


def _webp(content: bytes) -> bytes:
    end_of_file = 8 + struct.unpack_from("<I", content, 4)[0]
    kept, place = [], 12
    while place + 8 <= min(end_of_file, len(content)):
        name, length = struct.unpack_from("<4sI", content, place)
        end = place + 8 + length + length % 2
        if place + 8 + length > len(content):
            raise NotStrippable("a chunk is longer than the file")
        if name == b"VP8X":
            # Bits 2 and 3 announce XMP and EXIF, which are left out.
            flags = content[place + 8] & ~0x0C
            kept.append(content[place : place + 8] + bytes([flags]) + content[place + 9 : end])
        elif name in _WEBP_KEPT:
            kept.append(content[place:end])
        place = end
    body = b"".join(kept)
    if not body:
        raise NotStrippable("no picture")
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
