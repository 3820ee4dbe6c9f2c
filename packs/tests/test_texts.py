"""The texts that go out."""

from typing import Any

import pytest

import packs
from packs.texts import TEXT_KEYS, Text, TextError, Wording, render

from .test_packs import lipovany


def values(key: str, *, absent: bool = False) -> dict[str, Any]:
    """Sample values of all variables, or what they hold when there is nothing to say."""
    return {name: variable.variants[-1 if absent else 0] for name, variable in TEXT_KEYS[key].declared.items()}


def filled(key: str, language: str = "cs", *, absent: bool = False, **changes: Any) -> packs.Rendered:
    return render(lipovany().texts[key], key, language, {**values(key, absent=absent), **changes})


@pytest.mark.parametrize("key", TEXT_KEYS)
@pytest.mark.parametrize("absent", [False, True])
def test_every_text_reads_well_with_and_without_what_may_be_absent(key: str, absent: bool) -> None:
    for language in TEXT_KEYS[key].languages:
        rendered = filled(key, language, absent=absent)
        assert "\n" not in rendered.subject
        assert "\n\n\n" not in rendered.body
        for trace in ("None", "{{", "{%", "[]", "  "):
            assert trace not in rendered.subject + rendered.body


def test_the_acknowledgement_says_what_where_who_and_by_when() -> None:
    body = filled("acknowledgement").body
    for said in (
        "2026-000123",
        "O co jde: Výtluky a poškozená vozovka",
        "Kde: Husova 12",
        "úterý 1. prosince 2026",
        "- Jak je díra velká?",
        "není-li to tak, odpovězte",
        "https://lipovany.test/osobni-udaje",
    ):
        assert said in body


def test_the_acknowledgement_asks_for_a_place_that_is_needed_and_unknown() -> None:
    assert "napište nám je prosím" in filled("acknowledgement", place=None).body
    assert "napište nám je prosím" not in filled("acknowledgement", place=None, place_needed=False).body


def test_the_acknowledgement_names_an_outside_body_as_going_to_be_told() -> None:
    body = filled("acknowledgement", body_name="Lipské vodárny", body_phone="+420 555 030 100").body
    assert "není v působnosti města, předáváme: Lipské vodárny, telefon +420 555 030 100" in body
    assert "Řeší:" not in body
    inside = filled("acknowledgement", body_name=None, body_phone=None).body
    assert "Řeší: Technické služby města Lipovany" in inside


def test_the_emergency_text_begins_with_what_to_do() -> None:
    body = filled("acknowledgement_emergency").body
    assert body.startswith("POZOR: TOTO NENÍ TÍSŇOVÁ LINKA.")
    for number in ("112", "150", "155", "158", "1239"):
        assert number in body


def test_confidential_texts_can_say_nothing_of_the_content() -> None:
    for key in ("acknowledgement_confidential", "task_confidential"):
        personal = {"category_name", "place", "report_text", "subject", "message_text"}
        assert not personal & TEXT_KEYS[key].declared.keys()


def test_a_task_that_hurries_says_so_first() -> None:
    assert filled("task", urgent=True).subject.startswith("SPĚCHÁ: ")
    assert not filled("task", urgent=False).subject.startswith("SPĚCHÁ")


def test_the_mail_servers_line_is_one_line_without_diacritics() -> None:
    body = filled("too_large", limit=25).body.strip()
    assert body.isascii()
    assert "\n" not in body
    assert "25 MB" in body


def test_a_language_that_a_text_does_not_have_gives_czech() -> None:
    assert filled("task", "en") == filled("task")
    assert filled("acknowledgement", "de") == filled("acknowledgement")
    assert filled("acknowledgement", "en").body.startswith("Hello")


def test_what_people_wrote_is_never_a_template() -> None:
    body = filled("task", report_text="{{ number.__class__ }} {% for %}").body
    assert "{{ number.__class__ }} {% for %}" in body


def test_a_line_break_in_a_value_cannot_make_another_header() -> None:
    assert "\n" not in filled("task", place="Husova\r\nBcc: vsichni@example.test").subject


def test_a_variable_that_is_not_given_is_an_error_that_names_it() -> None:
    given = values("task")
    del given["place"]
    with pytest.raises(TextError, match="task: place not given"):
        render(lipovany().texts["task"], "task", "cs", given)


@pytest.mark.parametrize(
    "template",
    ["{{ ''.__class__.__mro__ }}", "{{ number.__init__.__globals__ }}", "{% for x in range(999999999) %}{% endfor %}"],
)
def test_a_template_cannot_reach_out_of_its_sandbox(template: str) -> None:
    text = Text(cs=Wording(subject="-", body=template))
    with pytest.raises(TextError):
        render(text, "task", "cs", values("task"))
