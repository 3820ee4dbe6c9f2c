"""A real virus scanner (Debian's clamav-daemon) for tests: throw-away, knowing only the signatures that a test gives it."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from deploy.local.ports import HOST, free_ports
from deploy.local.programs import StartFailed

_START_SECONDS = 30.0
_PROGRAM = next((found for found in (shutil.which("clamd"), "/usr/sbin/clamd") if found and Path(found).exists()), None)


class ClamAV:
    """A daemon that finds these octets under these names (it adds `.UNOFFICIAL`); runs inside `with`. `largest` in bytes."""

    def __init__(self, signatures: Mapping[str, bytes], *, largest: int) -> None:
        self._signatures, self._largest = signatures, largest
        # Not below pytest's directory: names of sockets may have 107 letters.
        self.base = Path(tempfile.mkdtemp(prefix="clamav-"))
        (self._port,) = free_ports(1)
        self.address, self.socket = f"{HOST}:{self._port}", str(self.base / "socket")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "ClamAV":
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.base, ignore_errors=True)

    def stop(self) -> None:
        """At once: nothing of it is kept, so it need not tidy up. Fine to repeat."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _start(self) -> None:
        """Returns when it answers. Raises StartFailed."""
        if _PROGRAM is None:
            raise StartFailed("there is no clamd here (Debian: clamav-daemon)")
        known = self.base / "signatures"
        known.mkdir()
        # Name, any kind of file, anywhere in it, the octets.
        lines = [f"{name}:0:*:{octets.hex()}\n" for name, octets in self._signatures.items()]
        (known / "test.ndb").write_text("".join(lines))
        (self.base / "clamd.conf").write_text(
            f"Foreground yes\nDatabaseDirectory {known}\nTCPAddr {HOST}\nTCPSocket {self._port}\n"
            f"LocalSocket {self.socket}\nTemporaryDirectory {self.base}\nStreamMaxLength {self._largest}\nMaxThreads 4\n"
        )
        output = self.base / "output"
        with output.open("wb") as log:
            command = (_PROGRAM, "-c", str(self.base / "clamd.conf"))
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise StartFailed(f"clamd does not start: {output.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((HOST, self._port), timeout=2) as connection:
                connection.sendall(b"zPING\0")
                return connection.recv(5) == b"PONG\0"
        except OSError:
            return False
