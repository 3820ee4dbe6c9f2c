"""Charsets that are declared, not declared, and lied about."""

# ruff: noqa: RUF001 - typographic quotes are part of Czech texts

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake_email.message import charsets

CZECH = "Dobrý den, v Lipové ulici je u čísla 12 díra, příští týden to bude horší. Děkuji, občan ze sídliště Žďár."


@pytest.mark.parametrize("actual", ["utf-8", "cp1250", "iso-8859-2"])
@pytest.mark.parametrize(
    "declared", ["utf-8", "windows-1250", "iso-8859-2", "iso-8859-1", "us-ascii", None, "x-unknown"]
)
def test_czech_text_is_read_whatever_is_declared(actual: str, declared: str | None) -> None:
    text, _ = charsets.decode(CZECH.encode(actual), declared)
    assert text == CZECH


def test_a_true_declaration_is_no_defect() -> None:
    for charset in ("utf-8", "windows-1250", "iso-8859-2"):
        assert charsets.decode(CZECH.encode(charset), charset)[1] == []


@pytest.mark.parametrize(
    ("actual", "declared", "defect"),
    [
        ("cp1250", "utf-8", "charset-lie"),
        ("utf-8", "windows-1250", "charset-lie"),
        ("iso-8859-2", "windows-1250", "charset-lie"),
        ("cp1250", "iso-8859-1", "charset-lie"),
        ("cp1250", None, "charset-missing"),
        ("utf-8", "x-klingon", "charset-unknown"),
        ("utf-8", "unicode_escape", "charset-unknown"),
    ],
)
def test_a_wrong_declaration_is_noted(actual: str, declared: str | None, defect: str) -> None:
    assert charsets.decode(CZECH.encode(actual), declared)[1] == [defect]


def test_an_honest_western_letter_is_not_turned_into_czech() -> None:
    german = "Schöne Grüße aus der Straße, für die Österreicher."
    italian = "Buongiorno, perché la città non è più pulita, così non va: è già tardi."
    french = "Voilà où le trottoir est très abîmé, à côté de l'école."
    for text in (german, italian, french):
        assert charsets.decode(text.encode("iso-8859-1"), "iso-8859-1")[0] == text


def test_charsets_of_other_scripts_are_believed() -> None:
    assert charsets.decode("Добрий день".encode("cp1251"), "windows-1251") == ("Добрий день", [])
    assert charsets.decode("Привет".encode("koi8-r"), "koi8-r") == ("Привет", [])
    assert charsets.decode("こんにちは".encode("iso-2022-jp"), "iso-2022-jp") == ("こんにちは", [])
    assert charsets.decode("你好，世界".encode("gb18030"), "gb2312")[0].startswith("你好")


def test_a_damaged_letter_does_not_overturn_the_declaration() -> None:
    content = CZECH.encode()[:40] + b"\xff" + CZECH.encode()[40:]
    text, defects = charsets.decode(content, "utf-8")
    assert "Lipov" in text
    assert "\ufffd" in text
    assert "příští" in text
    assert defects == ["charset-broken"]


def test_a_byte_order_mark_is_believed_before_the_declaration() -> None:
    assert charsets.decode(CZECH.encode("utf-16"), "windows-1250") == (CZECH, ["charset-lie"])
    assert charsets.decode(b"\xef\xbb\xbf" + CZECH.encode(), "utf-8") == (CZECH, [])


def test_control_characters_and_lone_surrogates_never_get_through() -> None:
    assert charsets.clean("a\x00b\x1bc\x85d\u2028e\ud800f\r\ng\rh\ti") == "abc\nd\ne\ufffdf\ng\nh\ti"
    text, _ = charsets.decode(b"+2AA-", "utf-7")
    text.encode()


@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_no_sort_of_line_end_lets_words_stick_together(end: str) -> None:
    assert charsets.clean(f"ulice{end}Lipová") == "ulice\nLipová"


def test_letters_written_in_two_pieces_are_composed() -> None:
    assert charsets.decode("r\u030ceka".encode(), "utf-8")[0] == "řeka"


@given(
    st.binary(max_size=300),
    st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["utf-7", "utf-16", "hz", "gb18030"])),
)
def test_any_bytes_under_any_declaration_give_text_that_can_be_sent_on(content: bytes, declared: str | None) -> None:
    text, defects = charsets.decode(content, declared)
    text.encode("utf-8")
    assert "\x00" not in text
    assert all(defect.startswith("charset-") for defect in defects)
