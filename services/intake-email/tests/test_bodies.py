"""The text that is read: plain, HTML, flowed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake_email.message import bodies, hypertext

from .builders import message, multipart, parse, part


def _html(source: str) -> str:
    return hypertext.to_text(source)[0]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("<p>Dobrý den,</p><p>nesvítí lampa.</p>", "Dobrý den,\n\nnesvítí lampa."),
        ("<div>první<br>druhý</div><div>třetí</div>", "první\ndruhý\ntřetí"),
        ("<b>Tu</b>čně a\n   dále", "Tučně a dále"),
        ("3 &lt; 5 &amp; &nbsp;&#345;eka", "3 < 5 & řeka"),
        ("<style>p {x: y}</style><script>alert('<p>')</script><title>Titul</title>text", "text"),
        ("<ul><li>výmol</li><li>lampa</li></ul>", "- výmol\n- lampa"),
        (
            "<table><tr><td>Jméno</td><td>občan</td></tr><tr><td>Věc</td><td>lampa</td></tr></table>",
            "Jméno občan\nVěc lampa",
        ),
        ("a<!-- skryté <p> -->b", "ab"),
        ("<!DOCTYPE html><html><head><meta charset='x'></head><body>text</body></html>", "text"),
        (
            'Tady: <a href="https://mapy.example.test/x?a=1&amp;b=2">mapa</a>.',
            "Tady: mapa https://mapy.example.test/x?a=1&b=2.",
        ),
        ('<a href="https://a.test/">https://a.test/</a>', "https://a.test/"),
        ('<blockquote type="cite"><p>stará</p><p>zpráva</p></blockquote>nová', "> stará\n>\n> zpráva\n>\nnová"),
        ('<blockquote style="margin:0 0 0 40px;border:none">odsazeno</blockquote>', "odsazeno"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ('<div style="display:none">předhlavička <div>x</div></div>text', "text"),
        ("když a < b a c > d", "když a < b a c > d"),
        ("<p", "<p"),
        ("text <!-- bez konce", "text"),
        ('<img alt="logo" src="cid:x">text', "text"),
        ('<p title="a > b">text</p>', "text"),
        ("<P>VELKÁ</P><o:p>&nbsp;</o:p>", "VELKÁ"),
    ],
)
def test_html_becomes_what_a_person_would_read(source: str, shown: str) -> None:
    assert _html(source) == shown


def test_text_hidden_from_the_reader_is_shown_rather_than_nothing() -> None:
    assert _html('<div style="display:none">jediný text') == "jediný text"


@pytest.mark.parametrize(
    "source",
    [
        "<" * 300_000,
        "<!--" * 200_000,
        "<a b='" * 150_000,
        "<div>" * 200_000,
        "</div>" * 100_000,
        '<p title="' * 90_000,
        "<script>" * 100_000,
        "&" * 900_000,
        "<blockquote type=cite>" * 40_000 + "x",
        "<a href=x>" * 90_000,
        "<!" * 400_000,
        "\n" * 900_000,
        "<br>" * 200_000,
        "&lt;" * 200_000,
        "<style" * 150_000,
    ],
)
def test_malicious_html_takes_linear_time(source: str) -> None:
    began = time.process_time()
    hypertext.to_text(source)
    assert time.process_time() - began < 4


def test_enormous_html_is_cut_and_noted() -> None:
    text, defects = hypertext.to_text("<p>" + "x" * 3_000_000)
    assert len(text) <= hypertext.MAXIMUM_SOURCE
    assert defects == ["html-cut"]


@given(st.text(alphabet="<>/!-\"'= abAB&;#ř\n", max_size=200))
def test_any_html_gives_some_text(source: str) -> None:
    hypertext.to_text(source)


def test_the_plain_alternative_is_read_when_it_says_something() -> None:
    raw = multipart(
        [part("Nesvítí lampa."), part("<p>Nesvítí <b>lampa</b>.</p>", "text/html; charset=utf-8")], "alternative"
    )
    parsed = parse(raw)
    assert parsed.text == "Nesvítí lampa."
    assert parsed.defects == ()


@pytest.mark.parametrize("stub", ["", "\r\n", "Your mail client does not show HTML."])
def test_html_is_read_when_the_plain_alternative_is_only_a_stub(stub: str) -> None:
    long = "<p>" + "V Lipové ulici už třetí den nesvítí lampa u čísla dvanáct. " * 5 + "</p>"
    parsed = parse(multipart([part(stub), part(long, "text/html; charset=utf-8")], "alternative"))
    assert parsed.text.startswith("V Lipové ulici už třetí den")
    assert set(parsed.defects) <= {"html-only", "stub-plain-text"}
    assert parsed.defects


def test_a_mail_of_html_alone_is_read() -> None:
    parsed = parse(message("<html><body><p>Nesvítí lampa</p></body></html>", Content_Type="text/html; charset=utf-8"))
    assert parsed.text == "Nesvítí lampa"
    assert parsed.defects == ("html-only",)


def test_text_around_pictures_is_read_as_one() -> None:
    html = part(
        joined_html := b"--r\r\n" + part("<p>Text<img src='cid:a'></p>", "text/html") + b"\r\n--r--\r\n",
        'multipart/related; boundary="r"',
    )
    assert joined_html
    raw = multipart(
        [part("První."), part(b"\x89PNG\r\n\x1a\n", "image/png", Content_Disposition="inline"), part("Druhý."), html]
    )
    assert parse(raw).text == "První.\n\nDruhý.\n\nText"


def test_flowed_lines_are_joined_within_one_depth_of_quotation() -> None:
    flowed = "Dlouhý odstavec \nkterý pokračuje.\n> citace \n> pokračuje\n>> hlubší\n odsazeno\n-- \npodpis"
    assert bodies.unflowed(flowed, delete_space=False) == (
        "Dlouhý odstavec který pokračuje.\n> citace pokračuje\n>> hlubší\nodsazeno\n-- \npodpis"
    )
    assert bodies.unflowed("roz \ndělené", delete_space=True) == "rozdělené"


def test_format_flowed_is_undone_in_a_mail() -> None:
    raw = message("Nesvítí lampa \r\nu školy.\r\n".encode(), Content_Type="text/plain; charset=utf-8; format=flowed")
    assert parse(raw).text == "Nesvítí lampa u školy."
