"""A photo's size, place and time from its header and EXIF; its pixels are never decoded, so a bomb stays a number."""

import io
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from PIL import ExifTags, Image

MAXIMUM_PIXELS = 100_000_000
_HEADER_OCTETS = 262_144
"""All but TIFF tell of themselves in front; a header of a million chunks is nobody's photo."""
_PRAGUE = ZoneInfo("Europe/Prague")
_OPENED_BY_HEADER = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/tiff": "TIFF",
    "image/gif": "GIF",
    "image/bmp": "BMP",
}
"""Formats that Pillow opens without touching pixels; for WebP it would allocate the canvas, HEIC it does not know."""


@dataclass(frozen=True, slots=True)
class Photo:
    """Degrees are WGS 84; warnings are `too-many-pixels`, `unreadable-image`, `unreadable-exif`."""

    taken_at: datetime | None = None
    latitude: float | None = None
    longitude: float | None = None
    warnings: tuple[str, ...] = ()


def read(content: bytes, media_type: str) -> Photo:
    """What the photo tells of itself. Never raises."""
    warnings: list[str] = []
    exif = Image.Exif()
    try:
        if media_type in _OPENED_BY_HEADER:
            header = content if media_type == "image/tiff" else content[:_HEADER_OCTETS]
            with Image.open(io.BytesIO(header), formats=[_OPENED_BY_HEADER[media_type]]) as image:
                pixels = image.width * image.height
                exif = image.getexif()
        else:
            pixels = _declared_pixels(content, media_type)
            exif = _embedded_exif(content)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        pixels = MAXIMUM_PIXELS + 1
        exif = _embedded_exif(content)
    except Exception:  # a library for a dozen formats fails in as many ways, and none may lose the mail
        return Photo(warnings=("unreadable-image",))
    if pixels > MAXIMUM_PIXELS:
        warnings.append("too-many-pixels")
    try:
        latitude, longitude = _place(exif)
        return Photo(_taken_at(exif), latitude, longitude, tuple(warnings))
    except Exception:  # as above: EXIF is written by thousands of sorts of cameras
        return Photo(warnings=(*warnings, "unreadable-exif"))


def _embedded_exif(content: bytes) -> Image.Exif:
    """The EXIF block wherever it lies: it is the same in HEIC, AVIF, WebP and JPEG."""
    exif = Image.Exif()
    start = content.find(b"Exif\0\0")
    if start >= 0:
        exif.load(content[start : start + 65_536])
    return exif


def _declared_pixels(content: bytes, media_type: str) -> int:
    """Width times height by the header of WebP (extended form) or of HEIC and AVIF (`ispe` boxes); 0 where it is not told."""
    if media_type == "image/webp" and content[12:16] == b"VP8X" and len(content) >= 30:
        width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
        return width * height
    sizes = [0]
    for match in re.finditer(rb"ispe....(.{4})(.{4})", content[:65_536], re.DOTALL):
        sizes.append(int.from_bytes(match[1], "big") * int.from_bytes(match[2], "big"))
    return max(sizes)


def _taken_at(exif: Image.Exif) -> datetime | None:
    details = exif.get_ifd(ExifTags.IFD.Exif)
    written = details.get(ExifTags.Base.DateTimeOriginal)
    offset = details.get(ExifTags.Base.OffsetTimeOriginal)
    if not isinstance(written, str):
        return None
    try:
        local = datetime.strptime(written.strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    if not 1990 <= local.year <= 2100:
        return None
    match = re.match(r"^([+-])(\d\d):(\d\d)", offset) if isinstance(offset, str) else None
    if match is None:
        # Cameras know no zone; those who report to a Czech town mostly stand in it.
        return local.replace(tzinfo=_PRAGUE).astimezone(UTC)
    distance = timedelta(hours=int(match[2]), minutes=int(match[3]))
    if distance >= timedelta(hours=24):
        return None
    return local.replace(tzinfo=timezone(distance if match[1] == "+" else -distance)).astimezone(UTC)


def _place(exif: Image.Exif) -> tuple[float | None, float | None]:
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    latitude = _degrees(place.get(ExifTags.GPS.GPSLatitude), place.get(ExifTags.GPS.GPSLatitudeRef), "S", 90)
    longitude = _degrees(place.get(ExifTags.GPS.GPSLongitude), place.get(ExifTags.GPS.GPSLongitudeRef), "W", 180)
    # Cameras without a fix write zeros: that is a place in the sea.
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None, None
    return latitude, longitude


def _degrees(values: object, reference: object, negative: str, most: int) -> float | None:
    if not isinstance(values, tuple) or len(values) != 3:
        return None
    degrees: float = sum(float(value) / 60.0**power for power, value in enumerate(values))
    if not math.isfinite(degrees) or not 0 <= degrees <= most:
        return None
    letter = reference.decode("ascii", "replace") if isinstance(reference, bytes) else str(reference)
    return round(-degrees if letter.strip("\0 ").upper() == negative else degrees, 6)
