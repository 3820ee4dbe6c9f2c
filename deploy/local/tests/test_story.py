import threading
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from PIL import ExifTags, Image

from deploy.local.sample_report import CITIZEN, PLACE, photo, sample_report
from deploy.local.story import StoryEnds, Wire, tell_story

REPORT, TICKET = "5a1f6a0e-0000-5000-8000-000000000001", "5a1f6a0e-0000-5000-8000-000000000002"
CATEGORY, RESOLVER = {"name": "Chodníky"}, {"name": "Technické služby"}
NUMBERED = {"number": "2026-000001", "category": CATEGORY, "decided": True}


class Town:
    """Answers with the next of the prepared looks at the ticket, and with the last one from then on."""

    def __init__(self, *looks: dict[str, Any] | None, mails: tuple[str, ...] = ()) -> None:
        self.looks = list(looks)
        self.mails = list(mails)
        self.asked: list[str] = []

    def ask(self, path: str) -> dict[str, Any] | None:
        self.asked.append(path)
        if path.startswith("/reports/"):
            return {"ticket_id": TICKET} if len(self.asked) > 1 else None
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def mails_to(self, address: str) -> list[str]:
        return self.mails if address == CITIZEN else []

    def wire(self, patience: float = 5) -> Wire:
        return Wire(lambda: REPORT, self.ask, self.mails_to, threading.Event(), patience)


def test_each_step_is_told_once_and_in_order() -> None:
    numbered = {**NUMBERED, "resolver": None}
    assigned = {**numbered, "resolver": RESOLVER}
    mails = ("cizí odpověď", "Vaše hlášení 2026-000001\n\nDobrý den\n")
    town = Town(None, {"number": None, "category": None}, numbered, assigned, mails=mails)
    told: list[str] = []
    tell_story(town.wire(), told.append)
    steps = [line.strip().split(" s  ")[1] for line in told if " s  " in line]
    assert [step.split(".")[0].split(":")[0] for step in steps] == [
        "Přijato",
        "Zaevidováno",
        "Rozpoznáno",
        "Přiděleno řešiteli",
        "Potvrzení odesláno občanovi",
    ]
    assert "Chodníky. Požadavek má číslo 2026-000001" in steps[2]
    assert "Technické služby" in steps[3]
    assert "    | Dobrý den" in told[-1]
    assert town.asked[0] == f"/reports/{REPORT}"
    assert town.asked[-1] == f"/tickets/{TICKET}"


def test_a_report_that_stays_somewhere_says_where() -> None:
    with pytest.raises(StoryEnds, match="přidělení řešiteli"):
        tell_story(Town(NUMBERED).wire(patience=0.3), lambda line: None)


def test_the_story_ends_at_once_when_the_system_is_to_stop() -> None:
    wire = Town(None).wire(patience=60)
    wire.ended.set()
    with pytest.raises(StoryEnds, match="Zastaveno"):
        tell_story(wire, lambda line: None)


def test_what_the_router_could_not_tell_is_said_to_be_the_dispatchers() -> None:
    town = Town(
        {"number": "2026-000001", "category": None, "decided": False, "resolver": RESOLVER}, mails=("2026-000001",)
    )
    told: list[str] = []
    tell_story(town.wire(), told.append)
    assert any("Nerozpoznáno, rozhodne dispečer. Požadavek má číslo 2026-000001" in line for line in told)


def test_with_a_relay_of_ones_own_the_story_ends_before_the_mail() -> None:
    town = Town({**NUMBERED, "resolver": RESOLVER})
    told: list[str] = []
    tell_story(Wire(lambda: REPORT, town.ask, None, threading.Event()), told.append)
    assert "přes váš poštovní server" in told[-1]


def test_the_photo_knows_its_time_and_its_place() -> None:
    exif = Image.open(BytesIO(photo(datetime(2026, 11, 24, 8, 30)))).getexif()
    assert exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "2026:11:24 08:30:00"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    for (degrees, minutes, seconds), expected in zip((place[2], place[4]), PLACE, strict=True):
        assert float(degrees + minutes / 60 + seconds / 3600) == pytest.approx(expected, abs=1e-5)
    assert (place[1], place[3]) == ("N", "E")


def test_two_sample_reports_are_two_reports() -> None:
    now = datetime.now().astimezone()
    first, second = sample_report(now), sample_report(now)
    assert first["Message-ID"] != second["Message-ID"]
    assert [part.get_content_type() for part in first.iter_attachments()] == ["image/jpeg"]
