"""Photos for bodies: nothing of the camera stays, and the picture is the same."""

import io
import struct

import pytest
from PIL import Image, PngImagePlugin

from notifier.writing.photos import NotStrippable, without_metadata

CANARY = b"kanarek-49.9421"
SIZE = (40, 24)


def picture() -> Image.Image:
    image = Image.new("RGB", SIZE, (200, 30, 30))
    for x in range(SIZE[0]):
        image.putpixel((x, x % SIZE[1]), (x * 6, 255 - x * 6, 90))
    return image


def exif(orientation: int = 1) -> bytes:
    marks = Image.Exif()
    marks[0x0112] = orientation
    marks[0x010F] = CANARY.decode()
    marks[0x9003] = "2026:12:01 08:00:00"
    marks.get_ifd(0x8825)[1] = "N"
    marks.get_ifd(0x8825)[2] = (49.0, 56.0, 31.56)
    return marks.tobytes()


def saved(form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture().save(out, form, **options)
    return out.getvalue()


def jpeg(orientation: int = 1, **options: object) -> bytes:
    return saved("JPEG", exif=exif(orientation), comment=CANARY, **options)


def png(orientation: int = 1) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", CANARY.decode())
    info.add_itxt("XML:com.adobe.xmp", CANARY.decode())
    return saved("PNG", pnginfo=info, exif=exif(orientation))


def webp(orientation: int = 1) -> bytes:
    return saved("WEBP", exif=exif(orientation), xmp=CANARY, lossless=True)


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


FORMS = pytest.mark.parametrize(
    "content",
    [jpeg(), jpeg(progressive=True), jpeg(restart_marker_blocks=1), png(), webp()],
    ids=["jpeg", "progressive", "restarts", "png", "webp"],
)


@FORMS
def test_nothing_of_the_camera_stays(content: bytes) -> None:
    assert CANARY in content
    stripped = without_metadata(content)
    assert CANARY not in stripped
    assert b"2026:12:01" not in stripped
    assert dict(opened(stripped).getexif()) == {}


@FORMS
def test_the_picture_is_bit_for_bit_the_same(content: bytes) -> None:
    assert opened(without_metadata(content)).tobytes() == opened(content).tobytes()


@FORMS
def test_what_is_hung_on_behind_the_picture_goes(content: bytes) -> None:
    assert without_metadata(content + CANARY + b"\xff\xd8\xff\xe1") == without_metadata(content)


@FORMS
def test_stripping_twice_changes_nothing_more(content: bytes) -> None:
    once = without_metadata(content)
    assert without_metadata(once) == once


@pytest.mark.parametrize("made", [jpeg, png])
def test_only_the_orientation_stays_because_phones_turn_pictures_by_it(made: object) -> None:
    stripped = without_metadata(made(6))  # type: ignore[operator]
    assert dict(opened(stripped).getexif()) == {0x0112: 6}
    assert CANARY not in stripped


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_orientation_is_read_in_both_byte_orders(order: str) -> None:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    tiff = mark + struct.pack(f"{order}IHHHIHHI", 8, 1, 0x0112, 3, 1, 8, 0, 0)
    block = b"Exif\0\0" + tiff
    plain = saved("JPEG")
    content = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + plain[2:]
    assert opened(without_metadata(content)).getexif()[0x0112] == 8


def test_colours_that_need_their_profile_keep_it() -> None:
    profile = b"profile" * 20
    assert opened(without_metadata(saved("JPEG", icc_profile=profile))).info["icc_profile"] == profile


@FORMS
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_picture_cut_short_is_not_let_through_unread(content: bytes, share: float) -> None:
    cut = content[: int(len(content) * share)]
    try:
        stripped = without_metadata(cut)
    except NotStrippable:
        return
    assert CANARY not in stripped
    assert content[:4] == b"RIFF"


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"%PDF-1.7", b"\xff\xd8", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"II*\0"]
)
def test_what_is_not_known_is_not_let_through(content: bytes) -> None:
    with pytest.raises(NotStrippable):
        without_metadata(content)
