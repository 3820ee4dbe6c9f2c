"""A token endpoint that gives access tokens (RFC 6749) and tells a mail server of them (RFC 7662), over real HTTP."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from deploy.local.ports import HOST


class TokenServer:
    """Gives tokens for `user` to who shows `secret`; what it was asked stands in `asked`."""

    user, secret, lasts = "podatelna", "tajemstvi", 3_600

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answer: tuple[int, bytes] | None = None
        self.given: list[str] = []
        self.revoked: set[str] = set()
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self))
        self.url = f"http://{HOST}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def token(self, asked: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append(asked)
        if self.answer is not None:
            return self.answer
        if self.secret not in (asked.get("client_secret"), asked.get("refresh_token")):
            return 401, b'{"error": "invalid_client"}'
        self.given.append(f"prukaz-{len(self.given)}")
        token = {"access_token": self.given[-1], "token_type": "Bearer", "expires_in": self.lasts}
        return 200, json.dumps(token).encode()

    def introspect(self, asked: dict[str, str]) -> tuple[int, bytes]:
        active = asked.get("token") in self.given and asked.get("token") not in self.revoked
        return 200, json.dumps({"active": active, **({"username": self.user} if active else {})}).encode()

    def __enter__(self) -> "TokenServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(server: TokenServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
            asked = {name: values[0] for name, values in form.items()}
            status, body = server.token(asked) if self.path == "/token" else server.introspect(asked)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    return Handler
