"""A page that shows the caught mails to whoever tries the system. Reads only; everything from a mail is shown as plain text."""

import html
import re
import threading
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from deploy.local.ports import HOST

SHOWN = 200
MAIL_NAME = re.compile(r"[0-9]{20}-[0-9]{6,}\.eml")
STYLE = "body{font:16px sans-serif;max-width:70em;margin:2em auto;padding:0 1em}td{padding:.2em 1em .2em 0}pre{white-space:pre-wrap}"


def serve_page(directory: Path, listen: str) -> ThreadingHTTPServer:
    """Start the page in a thread; `shutdown` of the returned server ends it."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = list_page(directory) if self.path == "/" else mail_page(directory, self.path.removeprefix("/mail/"))
            self.send_response(HTTPStatus.OK if page else HTTPStatus.NOT_FOUND)
            body = (page or _page("Tady nic není", '<p><a href="/">Zpět na seznam</a></p>')).encode()
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing: who looked at which mail is nobody's business."""

    host, _, port = listen.rpartition(":")
    server = ThreadingHTTPServer((host or HOST, int(port)), Page)
    threading.Thread(target=server.serve_forever, name="mail page", daemon=True).start()
    return server


def list_page(directory: Path) -> str:
    """The newest mails first."""
    names = sorted((path.name for path in directory.glob("[0-9]*.eml")), reverse=True)
    rows = "".join(_row(directory / name) for name in names[:SHOWN])
    older = f"<p>Starších zpráv: {len(names) - SHOWN}</p>" if len(names) > SHOWN else ""
    empty = "" if names else "<p>Zatím žádná zpráva neodešla.</p>"
    return _page("Odeslaná pošta", f"<p>Zprávy zůstaly zde, nikam neodešly.</p>{empty}<table>{rows}</table>{older}")


def mail_page(directory: Path, name: str) -> str | None:
    """One mail; None when there is none of that name."""
    path = directory / name
    if not MAIL_NAME.fullmatch(name) or not path.is_file():
        return None
    message = read_mail(path)
    fields = "".join(f"{html.escape(key)}: {html.escape(str(value))}\n" for key, value in message.items())
    attachments = "".join(
        f"<li>{html.escape(part.get_filename() or '(beze jména)')} ({html.escape(part.get_content_type())})</li>"
        for part in message.iter_attachments()
    )
    return _page(
        str(message["subject"] or "(bez předmětu)"),
        f'<p><a href="/">Zpět na seznam</a></p><pre>{html.escape(plain_text(message))}</pre>'
        f"<ul>{attachments}</ul><details><summary>Hlavičky</summary><pre>{fields}</pre></details>",
    )


def read_mail(path: Path) -> EmailMessage:
    """A caught mail, envelope lines included."""
    return BytesParser(policy=policy.default).parsebytes(path.read_bytes())


def plain_text(message: EmailMessage) -> str:
    """The mail's text as a person would read it; an empty text when it has none."""
    body = message.get_body(preferencelist=("plain", "html"))
    return str(body.get_content()).replace("\r\n", "\n") if body else ""


def _row(path: Path) -> str:
    message = read_mail(path)
    cells = (str(message["date"] or ""), str(message["x-envelope-to"] or ""))
    subject = html.escape(str(message["subject"] or "(bez předmětu)"))
    shown = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
    return f'<tr>{shown}<td><a href="/mail/{path.name}">{subject}</a></td></tr>'


def _page(title: str, body: str) -> str:
    title = html.escape(title)
    return (
        f'<!doctype html><html lang="cs"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f"<h1>{title}</h1>{body}</html>"
    )
