"""HTML to the text a person would read.

Own scanner in linear time: the standard library's parser, and what is built on it, takes 20 s for 200 KB of opened and never
closed comments. What is not understood is shown as text rather than lost.
"""

import html
import re

MAXIMUM_SOURCE = 500_000
"""Characters of source that are read of a message; more is cut and noted. The original is kept whole."""

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30})")
_SPACES = re.compile(r"[ \t\n\f\u00a0]+")
_MANY_NEWLINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")
_ATTRIBUTE = {
    name: re.compile(rf"""[\s"']{name}\s*=\s*("[^"]{{0,2000}}"|'[^']{{0,2000}}'|[^\s"'>]{{1,2000}})""", re.IGNORECASE)
    for name in ("href", "style", "type", "class", "id")
}
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|(?<![a-z-])font-size\s*:\s*0(?![.\d]*[1-9])"
    r"|(?<![a-z-])opacity\s*:\s*0(?![.\d]*[1-9])|(?<![a-z-])(left|top|text-indent)\s*:\s*-\d{3}"
    r"|max-height\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_HIDDEN_ATTRIBUTE = re.compile(r"(?:^|[\s\"'])hidden(?=[\s=/]|$)", re.IGNORECASE)


_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
_HIDDEN_LEVELS = 1_000


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LINES = _names(
    "p div h1 h2 h3 h4 h5 h6 table tr ul ol li dl dt dd pre blockquote section article header footer address center hr form "
    "fieldset body html figure main nav aside caption thead tbody"
)
_PARAGRAPHS = _names("p h1 h2 h3 h4 h5 h6 ul ol table pre blockquote dl")
_NOT_SHOWN = _names("script style title template noframes object applet svg math iframe")
_CLOSED_BY_NEXT = _names("p li dt dd tr td th option")
"""Elements that the next one of the kind closes, or for a paragraph any block: mail often leaves them open."""
_VOID = _names("br hr img input meta link area base col embed source track wbr o:p")


def to_text(source: str, limit: int = MAXIMUM_SOURCE) -> tuple[str, list[str]]:
    """The text, quotes marked with `> ` as in plain mail, and defects (`html-cut`). Never raises."""
    defects = ["html-cut"] if len(source) > limit else []
    source = source[:limit]
    text = _Scanner(source, hide=True).text()
    if not text:
        text = _Scanner(source, hide=False).text()
    return text, defects


class _Scanner:
    def __init__(self, source: str, *, hide: bool) -> None:
        self._source = source
        self._hide = hide
        self._lowered = source.lower() if len(source) == len(source.lower()) else source
        self._out: list[str] = []
        self._line: list[str] = []
        self._quotes: list[bool] = []
        self._preformatted = 0
        self._hidden: list[str] = []
        self._link = ""
        self._link_start = 0
        self._missing: set[str] = set()

    def text(self) -> str:
        """Runs over the source once."""
        position, source = 0, self._source
        while True:
            opening = self._find("<", position)
            self._words(source[position : opening if opening >= 0 else len(source)])
            if opening < 0:
                break
            position = self._markup(opening)
        self._end_line()
        return _MANY_NEWLINES.sub("\n\n", "\n".join(line.rstrip() for line in self._out)).strip()

    def _find(self, wanted: str, position: int) -> int:
        # What was once not found ahead is not looked for again: that is what keeps the scan linear.
        if wanted in self._missing:
            return -1
        found = self._lowered.find(wanted, position)
        if found < 0:
            self._missing.add(wanted)
        return found

    def _markup(self, opening: int) -> int:
        """Handles what stands at `<`; returns where to go on."""
        source = self._source
        if source.startswith("<!--", opening):
            end = self._find("-->", opening + 4)
            return end + 3 if end >= 0 else self._after_tag(opening)
        if source[opening + 1 : opening + 2] in ("!", "?"):
            return self._after_tag(opening)
        match = _TAG.match(source, opening)
        end = self._find(">", opening) if match else -1
        if match is None or end < 0:
            self._words("<")
            return opening + 1
        end = self._past_quoted(match.end(), end)
        name, attributes = match[2].lower(), source[match.end() : end]
        if match[1]:
            self._closed(name)
            return end + 1
        if name in _NOT_SHOWN and not attributes.endswith("/"):
            closing = self._find(f"</{name}", end)
            return self._after_tag(closing) if closing >= 0 else end + 1
        self._opened(name, attributes)
        return end + 1

    def _after_tag(self, opening: int) -> int:
        end = self._find(">", opening)
        return end + 1 if end >= 0 else len(self._source)

    def _past_quoted(self, start: int, end: int) -> int:
        # A `>` inside a quoted attribute does not end the tag; a few steps are enough for any honest mail.
        for _ in range(4):
            inside = self._source[start:end] if end - start < 5_000 else ""
            if inside.count('"') % 2 == 0:
                return end
            closing = self._find('"', end)
            further = self._find(">", closing) if closing >= 0 else -1
            if further < 0 or further - start > 5_000:
                return end
            end = further
        return end

    def _opened(self, name: str, attributes: str) -> None:
        if self._is_not_seen(name, attributes):
            return
        if name == "br":
            self._new_line()
        elif name in _LINES:
            self._block(name)
            if name == "li":
                self._line.append("- ")
            elif name == "pre":
                self._preformatted += 1
            elif name == "blockquote":
                self._quotes.append(_is_quote(attributes))
        elif name in ("td", "th") and self._line:
            self._line.append(" ")
        elif name == "a":
            self._link, self._link_start = html.unescape(_attribute(attributes, "href")), len(self._line)

    def _is_not_seen(self, name: str, attributes: str) -> bool:
        """Whether an element is hidden or stands in a hidden one."""
        hidden = self._hidden
        inside = bool(hidden) and not self._is_shown_again(name)
        if not inside and not (self._hide and _is_hidden(attributes)):
            return False
        if name not in _VOID and len(hidden) < _HIDDEN_LEVELS:
            hidden.append(name)
        return inside or name not in _VOID

    def _is_shown_again(self, name: str) -> bool:
        """Whether this element closes the hidden one, which its writer left open."""
        hidden = self._hidden
        closes = len(hidden) == 1 and hidden[0] in _CLOSED_BY_NEXT
        if closes and (name == hidden[0] or (hidden[0] == "p" and name in _LINES)):
            hidden.clear()
        return not hidden

    def _closed(self, name: str) -> None:
        if self._hidden:
            if name in self._hidden:
                while self._hidden.pop() != name:
                    pass
                return
            if name not in _LINES:
                return
            # The end of a block around it ends what was hidden and never closed.
            self._hidden.clear()
        if name in _LINES:
            self._block(name)
            if name == "pre":
                self._preformatted = max(0, self._preformatted - 1)
            elif name == "blockquote" and self._quotes:
                self._quotes.pop()
        elif name == "a" and self._link:
            shown = "".join(self._line[self._link_start :]).strip()
            # A link to a map is where the fault is: the address must not get lost with the markup.
            if re.match(r"https?://", self._link) and self._link not in shown and len(self._link) <= 500:
                self._line.append(f" {self._link}")
            self._link = ""

    def _words(self, text: str) -> None:
        if not text or self._hidden:
            return
        if "&" in text:
            text = html.unescape(text)
        if self._preformatted:
            first, *others = text.split("\n")
            self._line.append(first)
            for line in others:
                self._new_line()
                self._line.append(line)
            return
        text = _SPACES.sub(" ", text)
        if not self._line or self._line[-1].endswith(" "):
            text = text.lstrip(" ")
        if text:
            self._line.append(text)

    def _block(self, name: str) -> None:
        self._end_line()
        if name in _PARAGRAPHS and self._out and self._out[-1].strip("> "):
            self._out.append(self._mark().rstrip())

    def _end_line(self) -> None:
        if "".join(self._line).strip():
            self._new_line()
        self._line.clear()

    def _new_line(self) -> None:
        self._out.append(self._mark() + "".join(self._line))
        self._line.clear()
        self._link_start = 0

    def _mark(self) -> str:
        return "> " * min(5, sum(self._quotes[:20]))


def _is_hidden(attributes: str) -> bool:
    return bool(attributes) and (
        _HIDDEN_STYLE.search(_attribute(attributes, "style")) is not None
        or _HIDDEN_ATTRIBUTE.search(_QUOTED.sub('""', attributes[:10_000])) is not None
    )


def _attribute(attributes: str, name: str) -> str:
    match = _ATTRIBUTE[name].search(attributes[:10_000])
    return match[1].strip("\"'") if match else ""


def _is_quote(attributes: str) -> bool:
    """A quotation of another mail, not a mere indentation, for which some clients use the same element."""
    kind, name = _attribute(attributes, "type").lower(), _attribute(attributes, "class").lower()
    return kind == "cite" or "quote" in name or "cite" in name
