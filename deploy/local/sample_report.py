"""The citizen's report that `make run` hands in: a damaged pavement in Lipovany, with a photo that knows where it was taken."""

import io
import math
import random
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from PIL import ExifTags, Image, ImageDraw

from deploy.local.environment import town

CITIZEN = "obcan@example.test"
# Where the photo says it was taken, in degrees north and east.
PLACE = (49.6312, 17.0954)
SUBJECT = "Propadlý chodník ve Školní ulici"
TEXT = """\
Dobrý den,

na chodníku ve Školní ulici před domem číslo 12 se propadla dlažba. Díra je asi půl metru široká a po setmění není vidět,
včera tam zakopla starší paní. Prosím o opravu, fotku přikládám.

Děkuji a přeji hezký den
občan z Lipovan
"""


def sample_report(now: datetime) -> EmailMessage:
    """The mail as a citizen's phone would send it; a new Message-ID each time, so that each is a report of its own."""
    message = EmailMessage()
    message["From"] = f"Občan <{CITIZEN}>"
    message["To"] = town().email
    message["Subject"] = SUBJECT
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain="example.test")
    message.set_content(TEXT)
    message.add_attachment(photo(now), maintype="image", subtype="jpeg", filename="chodnik.jpg")
    return message


def photo(now: datetime) -> bytes:
    """A drawn JPEG of some 150 KB with the time and the place in its EXIF part."""
    picture = Image.effect_noise((1280, 960), 14).convert("RGB")
    draw = ImageDraw.Draw(picture)
    for y in range(0, 960, 120):
        for x in range(-(y // 120 % 2) * 80, 1280, 160):
            draw.rectangle((x, y, x + 156, y + 116), outline=(90, 90, 90), width=5)
    rim = [(turn * math.tau / 24, random.randint(140, 230)) for turn in range(24)]
    hole = [(640 + 1.5 * reach * math.cos(turn), 480 + reach * math.sin(turn)) for turn, reach in rim]
    draw.polygon(hole, fill=(35, 30, 25))
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = now.strftime("%Y:%m:%d %H:%M:%S")
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = now.strftime("%Y:%m:%d %H:%M:%S")
    north, east = PLACE
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSLatitudeRef: "N",
            ExifTags.GPS.GPSLatitude: _degrees(north),
            ExifTags.GPS.GPSLongitudeRef: "E",
            ExifTags.GPS.GPSLongitude: _degrees(east),
        }
    )
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=60, exif=exif)
    return out.getvalue()


def _degrees(value: float) -> tuple[float, float, float]:
    """Degrees, minutes, seconds, as EXIF wants them."""
    minutes, degrees = (value % 1) * 60, float(int(value))
    return degrees, float(int(minutes)), round((minutes % 1) * 60, 2)
