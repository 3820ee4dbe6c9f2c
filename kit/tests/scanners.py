"""A scanner that speaks as clamd does, and one that does what a test wants."""

import socketserver
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType


class FakeClamd:
    """clamd's INSTREAM over TCP and over a socket's path; passes the same suite as the real one.

    `says`, where it is given, is the answer to everything; `hangs`: it reads and never answers; `drips`: letter by letter, without end.
    """

    def __init__(
        self,
        signatures: Mapping[str, bytes],
        *,
        largest: int,
        says: bytes | None = None,
        hangs: bool = False,
        drips: bool = False,
    ) -> None:
        self.signatures, self.largest = signatures, largest
        self.says, self.hangs, self.drips = says, hangs, drips
        self.asked = 0
        self.ended = threading.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="clamd-")
        self.socket = str(Path(self._folder.name) / "socket")
        handler = type("Handler", (_Handler,), {"clamd": self})
        self._servers = [_Tcp(("127.0.0.1", 0), handler), _Unix(self.socket, handler)]
        host, port = self._servers[0].server_address[:2]
        self.address = f"{host!s}:{port}"

    def __enter__(self) -> "FakeClamd":
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._folder.cleanup()


class _Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 100


class _Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 100


class _Handler(socketserver.StreamRequestHandler):
    clamd: FakeClamd

    def handle(self) -> None:
        self.clamd.asked += 1
        if self.rfile.read(10) != b"zINSTREAM\0":
            self.wfile.write(b"UNKNOWN COMMAND\0")
            return
        content = b""
        while length := int.from_bytes(self.rfile.read(4), "big"):
            if len(content) + length > self.clamd.largest:
                # As the real one: it answers and closes while the rest is still on its way.
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
                return
            content += self.rfile.read(length)
        if self.clamd.hangs:
            self.clamd.ended.wait(30)
        elif self.clamd.drips:
            while not self.clamd.ended.wait(0.05):
                self.wfile.write(b"s")
        else:
            self.wfile.write(self._verdict(content) if self.clamd.says is None else self.clamd.says)

    def _verdict(self, content: bytes) -> bytes:
        for name, octets in self.clamd.signatures.items():
            if octets in content:
                return f"stream: {name}.UNOFFICIAL FOUND\0".encode()
        return b"stream: OK\0"
