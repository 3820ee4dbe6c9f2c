"""`python -m router classify`: a file of messages in, a file of decisions out."""

import json
import subprocess
import sys

import jsonschema
import pytest

from contracts.formats import MessageToClassify
from router.classifying import BadLine, classified, decision_line

from .builders import REPOSITORY, decided_on, router

SCHEMA = json.loads((REPOSITORY / "contracts/formats/classify.decision.json").read_bytes())


def classify(*lines: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "router", "classify", "--pack", str(REPOSITORY / "packs/lipovany")]
    return subprocess.run(command, input=b"\n".join(lines), capture_output=True, check=False)


def test_each_message_gets_its_decision_in_order_and_in_the_form_of_the_contract() -> None:
    texts = ["V Husově 12 nesvítí lampa.", "Silnice I/38 je samá díra.", ""]
    lines = [json.dumps({"id": f"m{n}", "channel": "sms", "text": text}).encode() for n, text in enumerate(texts)]
    done = classify(*lines)
    decisions = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, b"")
    assert [one["id"] for one in decisions] == ["m0", "m1", "m2"]
    for one in decisions:
        jsonschema.validate(one, SCHEMA)
    place = decisions[0]["place"]
    assert (place["phrase"], place["street"], place["number"]) == ("V Husově 12", "Husova", "12")
    assert (decisions[1]["category"], decisions[1]["external"]) == ("pothole", "rsd")
    assert (decisions[2]["category"], decisions[2]["decided"]) == ("unclear", False)


def test_it_is_decided_as_the_service_decides() -> None:
    text = "Na Říční spadl drát elektrického vedení, leží na silnici a jiskří!"
    line, decision = decision_line(router(), MessageToClassify(id="a", text=text)), decided_on(text)
    assert (line.category, line.kind, line.urgent) == (decision.category, decision.kind, decision.urgent)
    assert (line.why, line.resolver, line.body) == (list(decision.reasons), decision.team, decision.body)


def test_a_neighbouring_town_is_named_with_its_sort() -> None:
    line = decision_line(router(), MessageToClassify(id="a", text="V Dubné u kostela nesvítí lampa."))
    assert (line.external, line.body) == ("sousedni-obec", "obec-dubna")


@pytest.mark.parametrize("gps", [{"lat": 49.6312, "lon": 17.0954}, [49.6312, 17.0954]])
def test_the_position_of_the_photo_counts(gps: object) -> None:
    message = MessageToClassify.model_validate({"id": "a", "text": "Díra v silnici.", "gps": gps})
    place = decision_line(router(), message).place
    assert (place.lat, place.lon) == (49.6312, 17.0954)


@pytest.mark.parametrize(
    "line",
    [b"no json", b"[]", b"{}", b'{"id": ""}', b'{"id": "a", "text": 7}', b'{"id": "a", "gps": [91, 0]}', b"\xff\xfe",
     b'{"id": "a", "gps": [1]}', b'{"id": "a", "channel": "drum"}', b'{"id": "a", "lang": "Czech"}'],
)  # fmt: skip
def test_a_line_that_is_no_message_is_named_and_the_others_are_decided(line: bytes) -> None:
    found = list(classified(router(), [b'{"id": "before"}', b"", line, b'{"id": "after"}']))
    assert [isinstance(one, BadLine) or one.id for one in found] == ["before", True, "after"]
    assert str(found[1]).startswith("line 3: ")


def test_the_command_ends_with_1_where_a_line_was_no_message() -> None:
    done = classify(b"no json", b'{"id": "a", "text": "lampa"}')
    assert done.returncode == 1
    assert done.stderr.startswith(b"line 1: ")
    assert json.loads(done.stdout)["id"] == "a"


def test_the_words_of_a_bad_line_are_not_repeated() -> None:
    (found,) = classified(router(), [b'{"id": "a", "text": ["tajemstvi"]}'])
    assert "tajemstvi" not in str(found)
