"""A page that shows the caught mails to whoever tries the system. Reads only; nothing from a mail runs or becomes part of the page.

An HTML part is shown as its reader would see it, in a frame that may do nothing and fetch nothing; an attachment is handed out
as a file, under a type that no browser executes.
"""

import html
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

from deploy.local.ports import HOST

SHOWN = 200
MAIL_NAME = re.compile(r"[0-9]{20}-[0-9]{6,}\.eml")
MAIL_PATH = re.compile(rf"/mail/({MAIL_NAME.pattern})(?:/([0-9]{{1,4}}))?")
HARMLESS = frozenset({"application/pdf", "image/gif", "image/jpeg", "image/png", "image/webp", "text/plain"})
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
NO_SUBJECT = "(bez předmětu)"
STYLE = """
body{font:16px/1.45 sans-serif;color:#222;max-width:76em;margin:0 auto;padding:1em;overflow-wrap:anywhere}
h1{font-size:1.4em;margin:.4em 0}
h2{font-size:1em;margin:1.2em 0 .4em;color:#555}
a{color:#0b57a4}
ul.mails{list-style:none;padding:0}
ul.mails li{padding:.6em 0;border-top:1px solid #ddd}
small,dt{color:#555}
small{display:block;font-size:.9em}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15em .9em;margin:.8em 0}
dd{margin:0}
pre{white-space:pre-wrap;margin:0;font:inherit}
pre,iframe{border:1px solid #ddd;border-radius:.3em;background:#fff}
.text,summary+pre{padding:.8em}
.parts{display:flex;flex-wrap:wrap;gap:1.2em}
.parts section{flex:1 1 20em;min-width:0}
iframe{box-sizing:border-box;width:100%;height:70vh}
"""


@dataclass(frozen=True)
class Answer:
    """What goes back to the browser."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: HTTPStatus = HTTPStatus.OK
    policy: str = POLICY
    headers: Mapping[str, str] = field(default_factory=dict)


def serve_page(directory: Path, listen: str) -> ThreadingHTTPServer:
    """Start the page in a thread; `shutdown` of the returned server ends it."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answer_to(directory, self.path)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Security-Policy", answer.policy)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing: who looked at which mail is nobody's business."""

    host, _, port = listen.rpartition(":")
    server = ThreadingHTTPServer((host or HOST, int(port)), Page)
    threading.Thread(target=server.serve_forever, name="mail page", daemon=True).start()
    return server


def answer_to(directory: Path, path: str) -> Answer:
    """The list, a mail, or an attachment of one; anything else is not there."""
    if path == "/":
        return Answer(list_page(directory).encode())
    asked = MAIL_PATH.fullmatch(path)
    if asked and asked[2]:
        found = attachment(directory, asked[1], int(asked[2]))
    else:
        page = mail_page(directory, asked[1]) if asked else None
        found = Answer(page.encode()) if page else None
    nothing = _page("Tady nic není", '<p><a href="/">Zpět na seznam</a></p>')
    return found or Answer(nothing.encode(), status=HTTPStatus.NOT_FOUND)


def list_page(directory: Path) -> str:
    """The newest mails first."""
    names = sorted((path.name for path in directory.glob("[0-9]*.eml")), reverse=True)
    rows = "".join(_row(directory / name) for name in names[:SHOWN])
    older = f"<p>Starších zpráv: {len(names) - SHOWN}</p>" if len(names) > SHOWN else ""
    empty = "" if names else "<p>Zatím žádná zpráva neodešla.</p>"
    told = f'<p>Zprávy zůstaly zde, nikam neodešly.</p>{empty}<ul class="mails">{rows}</ul>{older}'
    return _page("Odeslaná pošta", told)


def mail_page(directory: Path, name: str) -> str | None:
    """One mail; None when there is none of that name."""
    path = directory / name
    if not MAIL_NAME.fullmatch(name) or not path.is_file():
        return None
    message = read_mail(path)
    known = {"Od": message["from"], "Komu": message["to"] or message["x-envelope-to"], "Kdy": when(path, message)}
    rows = "".join(f"<dt>{key}</dt><dd>{html.escape(str(value or '-'))}</dd>" for key, value in known.items())
    sections = [f'<section><h2>Prostý text</h2><pre class="text">{html.escape(plain_text(message))}</pre></section>']
    if shown := html_text(message):
        frame = f'<iframe sandbox="" title="Zpráva v HTML" srcdoc="{html.escape(shown)}"></iframe>'
        sections.append(f"<section><h2>HTML</h2>{frame}</section>")
    links = "".join(
        f'<li><a href="/mail/{name}/{number}">{html.escape(part.get_filename() or "(beze jména)")}</a> '
        f"({html.escape(part.get_content_type())})</li>"
        for number, part in enumerate(message.iter_attachments(), start=1)
    )
    attached = f"<h2>Přílohy</h2><ul>{links}</ul>" if links else ""
    headers = "".join(f"{html.escape(key)}: {html.escape(str(value))}\n" for key, value in message.items())
    return _page(
        str(message["subject"] or NO_SUBJECT),
        f'<p><a href="/">Zpět na seznam</a></p><dl>{rows}</dl>{attached}<div class="parts">{"".join(sections)}</div>'
        f"<br><details><summary>Hlavičky</summary><pre>{headers}</pre></details>",
    )


def attachment(directory: Path, name: str, number: int) -> Answer | None:
    """The attachment of that number, counted from 1, as a file to keep; None when there is none."""
    path = directory / name
    parts = list(read_mail(path).iter_attachments()) if path.is_file() else []
    if not 1 <= number <= len(parts):
        return None
    part = parts[number - 1]
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        # A mail in a mail.
        inner = part.get_payload()
        content = b"".join(each.as_bytes() for each in inner if isinstance(each, Message))
    kind = part.get_content_type()
    file_name = quote(part.get_filename() or f"priloha-{number}", safe="")
    return Answer(
        content,
        kind if kind in HARMLESS else "application/octet-stream",
        policy="default-src 'none'; sandbox",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{file_name}"},
    )


def read_mail(path: Path) -> EmailMessage:
    """A caught mail, envelope lines included."""
    return BytesParser(policy=policy.default).parsebytes(path.read_bytes())


def plain_text(message: EmailMessage) -> str:
    """The mail's text as a person would read it; an empty text when it has none."""
    body = message.get_body(preferencelist=("plain", "html"))
    return str(body.get_content()).replace("\r\n", "\n") if body else ""


def html_text(message: EmailMessage) -> str:
    """The mail's HTML part; an empty text when it has none."""
    body = message.get_body(preferencelist=("html",))
    return str(body.get_content()) if body else ""


def when(path: Path, message: EmailMessage) -> str:
    """When the mail was written, else when it was caught, in local time as Czechs write it."""
    written = (
        getattr(message["date"], "datetime", None) or datetime.fromtimestamp(int(path.name[:20]) / 1e9).astimezone()
    )
    local = written.astimezone()
    return f"{local.day}. {local.month}. {local.year} {local:%H:%M:%S}"


def _row(path: Path) -> str:
    message = read_mail(path)
    subject = html.escape(str(message["subject"] or NO_SUBJECT))
    about = html.escape(f"{when(path, message)}, {message['x-envelope-to'] or '-'}")
    return f'<li><a href="/mail/{path.name}">{subject}</a><small>{about}</small></li>'


def _page(title: str, body: str) -> str:
    title = html.escape(title)
    return (
        '<!doctype html><html lang="cs"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{body}</html>"
    )
