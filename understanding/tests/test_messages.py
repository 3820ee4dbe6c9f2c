"""The messages' form: what can be read, and what is told of what cannot."""

import pytest

from understanding.messages import Message, Other, parse

HEAD = "## pothole\n# 01 díra\n"


def one(text: str) -> Message:
    (message,), faults = parse(HEAD + text, "x.txt")
    assert faults == []
    return message


def test_a_message_is_read_with_what_is_said_of_it() -> None:
    found = one("@ email | fault | 1 | rsd | řidič\nS: Díra\nNa [[I/38 u mostu]] je díra.\n\nS pozdravem V. H.\n")
    assert (found.scenario, found.category, found.channel, found.kind) == ("pothole-01", "pothole", "email", "fault")
    assert (found.urgent, found.body, found.voice) == (True, "rsd", "řidič")
    assert (found.subject, found.text) == ("Díra", "Na I/38 u mostu je díra.\n\nS pozdravem V. H.")
    assert (found.place, found.line) == ("I/38 u mostu", 3)


def test_sentences_of_another_matter_are_marked_and_stay_in_the_text() -> None:
    found = one("@ web | fault | 0 | - | máma\nJe tu díra. {{illegal-dump|A [[vedle školky]] leží pneumatiky.}}\n")
    assert found.also == (Other("illegal-dump", "A vedle školky leží pneumatiky."),)
    assert found.text == "Je tu díra. A vedle školky leží pneumatiky."
    assert found.place == "vedle školky"


def test_several_messages_tell_of_the_same_scenario() -> None:
    text = (
        HEAD + "@ sms | fault | 0 | - | a\nx\n@ sms | fault | 0 | - | b\ny\n# 02 jiná\n@ sms | fault | 0 | - | c\nz\n"
    )
    found, faults = parse(text, "x.txt")
    assert [message.scenario for message in found] == ["pothole-01", "pothole-01", "pothole-02"]
    assert faults == []


def test_an_empty_message_is_one_too() -> None:
    assert one("@ mms | fault | 0 | - | jen fotka\n").text == ""


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (HEAD + "@ sms | fault | 0 | -\nx", 3, "write `@ channel"),
        (HEAD + "@ drum | fault | 0 | - | a\nx", 3, "drum"),
        (HEAD + "@ sms | anger | 0 | - | a\nx", 3, "anger"),
        (HEAD + "@ sms | fault | ano | - | a\nx", 3, "0 or 1"),
        (HEAD + "@ sms | fault | 0 | - | a\n[[tady]] a [[tam]]", 3, "one place"),
        (HEAD + "@ sms | fault | 0 | - | a\n[[tady", 3, "not closed"),
        (HEAD + "@ sms | fault | 0 | - | a\n{{pothole|tady", 3, "not closed"),
        ("@ sms | fault | 0 | - | a\nx", 1, "needs `## category`"),
        ("## pothole\n@ sms | fault | 0 | - | a\nx", 2, "needs `## category`"),
        ("text\n" + HEAD, 1, "before the first"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    _, faults = parse(text, "x.txt")
    assert faults[0].line == line
    assert reason in faults[0].reason
