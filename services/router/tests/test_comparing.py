"""`python -m router compare`: what another pack would decide otherwise, before it holds."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from contracts.formats import MessageToClassify
from router.classifying import decision_line
from router.comparing import compared, told

from .builders import REPOSITORY, router

LAMP, HOLE = "V Husově 12 nesvítí lampa.", "Silnice I/38 je samá díra."


def compare(against: Path, *texts: str) -> subprocess.CompletedProcess[str]:
    lines = "\n".join(json.dumps({"id": f"m{number}", "text": text}) for number, text in enumerate(texts))
    command = [sys.executable, "-m", "router", "compare", "--pack", str(REPOSITORY / "packs/lipovany")]
    return subprocess.run(
        [*command, "--against", str(against)], input=lines, capture_output=True, text=True, check=False
    )


def other_pack(folder: Path) -> Path:
    """A pack in which lamps are the transport department's and holes are not urgent business."""
    for name in ("cz-town", "lipovany"):
        shutil.copytree(REPOSITORY / "packs" / name, folder / name)
    (folder / "lipovany/categories").mkdir(exist_ok=True)
    (folder / "lipovany/categories/lighting.yaml").write_text(
        "categories:\n  - slug: streetlight-out\n    role: odbor-dopravy\n", encoding="utf-8"
    )
    return folder / "lipovany"


def test_the_same_pack_decides_everything_alike() -> None:
    done = compare(REPOSITORY / "packs/lipovany", LAMP, HOLE)
    assert (done.returncode, done.stdout) == (0, "2 messages: 2 decided alike, 0 otherwise\n")


def test_counts_come_first_then_each_case_with_its_reasons(tmp_path: Path) -> None:
    done = compare(other_pack(tmp_path), LAMP, HOLE)
    lines = done.stdout.splitlines()
    assert lines[:3] == [
        "2 messages: 1 decided alike, 1 otherwise",
        "resolver: 1",
        "      1  technicke-sluzby → odbor-dopravy",
    ]
    assert lines[3] == "m0: resolver technicke-sluzby → odbor-dopravy"
    assert lines[4].startswith("  before: ")
    assert "competence.usual" in lines[4]


def test_words_of_the_messages_are_not_repeated(tmp_path: Path) -> None:
    assert "Husově" not in compare(other_pack(tmp_path), LAMP).stdout


def test_a_line_that_is_no_message_is_told_and_the_rest_is_compared() -> None:
    command = [sys.executable, "-m", "router", "compare"]
    for name in ("--pack", "--against"):
        command += [name, str(REPOSITORY / "packs/lipovany")]
    done = subprocess.run(command, input='{"id": "a"}\nx\n', capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("line 2: ")
    assert done.stdout.startswith("1 messages: 1 decided alike")


def test_what_changes_is_counted_by_what_a_town_feels() -> None:
    lamp = decision_line(router(), MessageToClassify(id="a", text=LAMP))
    urgent = lamp.model_copy(update={"urgent": True, "body": "rsd"})
    found = compared([(lamp, lamp), (lamp, urgent)])
    assert [change.fields for change in found.changes] == [("body", "urgent")]
    assert list(told(found))[1:5] == ["body: 1", "      1  none → rsd", "urgent: 1", "      1  false → true"]
