"""The HTML beside the plain text: the same words, escaped, one column for a telephone, nothing fetched from elsewhere. Pure."""

import re
from collections.abc import Mapping, Sequence
from html import escape

from packs.texts import Rendered

_ITEM = re.compile(r"^\s*[-•*]\s+(.*)$")
_FACT = re.compile(r"^([^\W\d_][^:.\n<>]{1,44}):\s+(\S.*)$")
_CALL = re.compile(r"^(\d{3,4})(?= [^\W\d_])")
_NUMBER = re.compile(r"\b\d{4}-\d{6,12}\b")
_SHORTEST_WARNING = 5
_STYLE: Mapping[str, str] = {
    "body": "margin:0;padding:0;background:#f2f4f7;",
    "outer": "width:100%;background:#f2f4f7;",
    "card": "max-width:600px;margin:0 auto;background:#ffffff;border-top:4px solid #1f5a8a;",
    "head": "padding:16px 20px 0 20px;font:bold 15px/1.4 Arial,Helvetica,sans-serif;color:#1f5a8a;",
    "words": "padding:4px 20px 20px 20px;font:16px/1.55 Arial,Helvetica,sans-serif;color:#1c2430;word-break:break-word;",
    "paragraph": "margin:14px 0;",
    "list": "margin:14px 0;padding-left:22px;",
    "item": "margin:4px 0;",
    "facts": "width:100%;margin:14px 0;border-collapse:collapse;background:#f6f8fa;",
    "label": "padding:7px 10px;vertical-align:top;width:34%;color:#51606f;font:14px/1.5 Arial,Helvetica,sans-serif;",
    "value": "padding:7px 10px;vertical-align:top;font:bold 15px/1.5 Arial,Helvetica,sans-serif;color:#1c2430;",
    "quote": "margin:14px 0;padding:2px 14px;border-left:3px solid #c3ccd6;color:#3a4653;",
    "warning": "font-weight:bold;color:#a4161a;",
    "link": "color:#1f5a8a;",
}


def html_of(rendered: Rendered, *, town_name: str, links: Sequence[str], language: str) -> str:
    """The plain text as a simple page. Only the town's own `links` become links: a stranger's stay mere words."""
    blocks = "\n".join(_block(block, links) for block in re.split(r"\n{2,}", rendered.body.strip()))
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(rendered.subject)}</title>\n</head>\n"
        f'<body style="{_STYLE["body"]}">\n'
        f'<div style="{_STYLE["outer"]}">\n<div style="{_STYLE["card"]}">\n'
        f'<div style="{_STYLE["head"]}">{escape(town_name)}</div>\n'
        f'<div style="{_STYLE["words"]}">\n{blocks}\n</div>\n</div>\n</div>\n</body>\n</html>\n'
    )


def _block(block: str, links: Sequence[str]) -> str:
    lines = block.splitlines()
    if all(line.startswith(">") for line in lines):
        inner = "<br>\n".join(_inline(line[1:].lstrip(), links) for line in lines)
        return f'<blockquote style="{_STYLE["quote"]}">{inner}</blockquote>'
    pieces: list[str] = []
    while lines:
        kind = _kind(lines[0])
        run = []
        while lines and _kind(lines[0]) == kind:
            run.append(lines.pop(0))
        pieces.append(_run(kind, run, links))
    return "\n".join(pieces)


def _kind(line: str) -> str:
    if _ITEM.match(line):
        return "item"
    return "fact" if _FACT.match(line) and len(line) < 160 else "words"


def _run(kind: str, lines: Sequence[str], links: Sequence[str]) -> str:
    if kind == "item":
        items = "".join(f'<li style="{_STYLE["item"]}">{_inline(_first(_ITEM, line), links)}</li>' for line in lines)
        return f'<ul style="{_STYLE["list"]}">{items}</ul>'
    if kind == "fact" and len(lines) > 1:
        rows = "".join(_fact_row(line, links) for line in lines)
        return f'<table role="presentation" style="{_STYLE["facts"]}">{rows}</table>'
    return f'<p style="{_STYLE["paragraph"]}">' + "<br>\n".join(_words(line, links) for line in lines) + "</p>"


def _words(line: str, links: Sequence[str]) -> str:
    inner = _inline(line, links)
    first, colon, _ = line.partition(":")
    if colon and first.isupper() and len(first) >= _SHORTEST_WARNING:
        return f'<span style="{_STYLE["warning"]}">{inner}</span>'
    # Who needs 112 shall not have to copy it.
    return _CALL.sub(rf'<a href="tel:\1" style="{_STYLE["link"]}"><strong>\1</strong></a>', inner)


def _fact_row(line: str, links: Sequence[str]) -> str:
    label, _, value = line.partition(":")
    return (
        f'<tr><td style="{_STYLE["label"]}">{_inline(label, links)}</td>'
        f'<td style="{_STYLE["value"]}">{_inline(value.strip(), links)}</td></tr>'
    )


def _first(pattern: re.Pattern[str], line: str) -> str:
    match = pattern.match(line)
    return match.group(1) if match else line


def _inline(text: str, links: Sequence[str]) -> str:
    safe = _NUMBER.sub(r"<strong>\g<0></strong>", escape(text))
    for link in sorted(links, key=len, reverse=True):
        address = escape(link)
        if address in safe:
            # Not where the address goes on: `https://lipovany.test.evil.test` only begins like ours.
            whole = re.compile(re.escape(address) + r"(?![\w./-]*\w)")
            safe = whole.sub(f'<a href="{address}" style="{_STYLE["link"]}">{address}</a>', safe, count=1)
    return safe
