"""Mails made to cost: of the greatest allowed size, each aimed at one place of the parsing. None may hold a thread for long."""

import time
from collections.abc import Callable

import pytest

from .builders import joined, message, multipart, parse, part, photo

MEGABYTE = 1024 * 1024
SIZE = 25 * MEGABYTE


def _filled(pattern: bytes, size: int = SIZE) -> bytes:
    return pattern * (size // len(pattern))


def _many_chunks() -> bytes:
    chunk = b"\x00\x00\x00\x01tEXta\x00\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
        + b"\x00\x00\x00\x01" * 2
        + b"\x08\x02\x00\x00\x00\x90wS\xde"
        + _filled(chunk)
    )


def _nested(levels: int, filling: bytes) -> bytes:
    content = part(filling)
    for level in range(levels):
        content = part(joined([content], f"b{level}"), f'multipart/mixed; boundary="b{level}"')
    return message(b"").rstrip() + b"\r\n" + content


def _html(source: bytes) -> bytes:
    return message(source, Content_Type="text/html; charset=utf-8")


def _parts(one: bytes, count: int) -> bytes:
    return multipart([one] * count)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "one header of many folded lines": lambda: b"Subject: x\r\n" + _filled(b" a\r\n", MEGABYTE) + b"\r\n",
    "stray lines between headers": lambda: _filled(b"a\r\n" * 40 + b"To: y\r\n", MEGABYTE) + b"\r\n",
    "encoded words": lambda: b"Subject: " + _filled(b"=?utf-8?B?YQ==?= ", MEGABYTE // 4) + b"\r\n\r\n",
    "open encoded words": lambda: b"Subject: " + _filled(b"=?utf-8?Q?", MEGABYTE // 4) + b"\r\n\r\n",
    "addresses": lambda: b"From: " + _filled(b"a,", MEGABYTE // 4) + b"\r\n\r\n",
    "addresses in quotes": lambda: b"From: " + _filled(b'"a\\" <', MEGABYTE // 4) + b"\r\n\r\n",
    "references": lambda: b"References: " + _filled(b"<" * 250 + b"a@b> ", MEGABYTE // 4) + b"\r\n\r\n",
    "parameters in every part": lambda: _parts(part("x", "text/plain" + ';a="\\' * 1_500), 2_000),
    "quotes in every part": lambda: _parts(part("x", "text/plain" + ';a="' * 1_500), 2_000),
    "continued parameters": lambda: _parts(part("x", "text/plain" + ";a*1*=%41" * 700), 2_000),
    "near delimiters": lambda: message(_filled(b"\n---x"), Content_Type='multipart/mixed; boundary="-"'),
    "delimiters": lambda: message(_filled(b"\n--b"), Content_Type='multipart/mixed; boundary="b"'),
    "dashes": lambda: message(_filled(b"-"), Content_Type='multipart/mixed; boundary="-"'),
    "deep with near delimiters": lambda: _nested(40, _filled(b"\n--b\n--b1x\n--b2x", 10 * MEGABYTE)),
    "base64 of padding": lambda: message(_filled(b"a="), Content_Transfer_Encoding="base64"),
    "base64 of dirt": lambda: message(_filled(b"a*\n"), Content_Transfer_Encoding="base64"),
    "quoted-printable of equals": lambda: message(_filled(b"= "), Content_Transfer_Encoding="quoted-printable"),
    "text of one line": lambda: message(_filled(b"napsal: ")),
    "text of empty lines": lambda: message(_filled(b"\r\n")),
    "text of attributions": lambda: message(_filled(b"Dne 1. 1. 2026 nekdo napsal(a): x\r\n", 160_000)),
    "text of quotes": lambda: message(
        _filled(b"> x\r\n", 24_000) + _filled(b">> napsal:\r\n", 30_000), In_Reply_To="<a@b>"
    ),
    "text of farewells": lambda: message(_filled(b"S pozdravem\r\n", 60_000)),
    "flowed text": lambda: message(_filled(b"ab \r\n"), Content_Type="text/plain; format=flowed"),
    "text of no charset": lambda: message(_filled(b"\xe8\xf8\xff ")),
    "many texts of no charset": lambda: _parts(part(b"\xe8\xf8\xff " * 10_000, "text/plain; charset=utf-8"), 500),
    "seven-bit Unicode": lambda: message(_filled(b"+AAA-", 5 * MEGABYTE), Content_Type="text/plain; charset=utf-7"),
    "open comments": lambda: _html(_filled(b"<!--")),
    "open tags": lambda: _html(_filled(b'<a b="')),
    "styles": lambda: _html(_filled(b"<p style='" + b" style=" * 1_000 + b">")),
    "many HTML parts": lambda: _parts(part("<p>a<br>" * 10_000, "text/html"), 300),
    "quotations": lambda: _html(_filled(b'<blockquote type="cite">')),
    "entities": lambda: _html(_filled(b"&#x159;")),
    "links": lambda: _html(_filled(b"<a href=http://a>b</a>")),
    "a picture of many chunks": lambda: _parts(
        part(_many_chunks()[: 5 * MEGABYTE], "image/png", Content_Transfer_Encoding="binary"), 5
    ),
    "photos": lambda: _parts(part(photo(), "image/jpeg", Content_Transfer_Encoding="binary"), 5_000),
    "unknown files": lambda: _parts(
        part(b"\x00\x01\x02\x03" * 20_000, "application/x", Content_Transfer_Encoding="binary"), 300
    ),
    "forwarded messages": lambda: _parts(part(_html(_filled(b"<p>a", 500_000)), "message/rfc822"), 50),
    "status blocks": lambda: multipart(
        [part("x"), part(_filled(b"\r\nAction: failed\r\n", 10 * MEGABYTE), "message/delivery-status")],
        "report",
        parameters="; report-type=delivery-status",
    ),
    "an own report of addresses": lambda: message(
        _filled(b"a@" * 500 + b" "),
        From="mailer-daemon@example.test",
        Subject="Undelivered mail",
        X_Failed_Recipients="x",
    ),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_a_mail_made_to_cost_costs_little(attack: str) -> None:
    raw = HOSTILE[attack]()
    began = time.process_time()
    parse(raw, "")
    assert time.process_time() - began < 5
