"""A real mailbox server (Debian's dovecot-imapd) for tests: throw-away, with its own directory, users and ports.

As root its workers run as Debian's own users and mails belong to `mail`; else everything runs as who started it.
"""

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

from deploy.local.ports import HOST, free_ports
from deploy.local.programs import StartFailed

PASSWORD = "heslo"
_START_SECONDS = 20.0
_PROGRAM = next(
    (found for found in (shutil.which("dovecot"), "/usr/sbin/dovecot") if found and Path(found).exists()), None
)


class Dovecot:
    """A server with these users, all with PASSWORD; runs inside `with`.

    `capability` is announced instead of its own list; `oauth2` is the introspection endpoint (RFC 7662) for XOAUTH2.
    """

    def __init__(
        self,
        users: Sequence[str] = ("podatelna",),
        *,
        capability: str | None = None,
        oauth2: str | None = None,
    ) -> None:
        self.users, self._capability, self._oauth2 = users, capability, oauth2
        # Not below pytest's directory: names of sockets may have 107 letters.
        self.base = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.port, self.tls_port = free_ports(2)
        self.certificate = self.base / "certificate.pem"
        self._owner = pwd.getpwnam("mail") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self._process: subprocess.Popen[bytes] | None = None

    def home(self, user: str) -> Path:
        """Where a user's mails lie."""
        return self.base / "mail" / user

    def deliver(self, raw: bytes, *, user: str = "podatelna", name: str, at: datetime | None = None) -> None:
        """Puts a mail into a user's inbox as a delivery agent does; `name` is its file's, `at` its INTERNALDATE."""
        folder = self.home(user) / "Maildir"
        for place in (folder, *(folder / part for part in ("cur", "new", "tmp"))):
            if not place.exists():
                place.mkdir(parents=True)
                self._give(place)
        written = folder / "tmp" / name
        written.write_bytes(raw)
        self._give(written)
        if at is not None:
            os.utime(written, (at.timestamp(), at.timestamp()))
        written.rename(folder / "new" / name)

    def start(self) -> None:
        """Returns when it greets. Raises StartFailed."""
        if _PROGRAM is None:
            raise StartFailed("there is no dovecot here (Debian: dovecot-imapd)")
        self._write()
        log = (self.base / "output").open("wb")
        with log:
            self._process = subprocess.Popen(
                (_PROGRAM, "-F", "-c", str(self.base / "dovecot.conf")),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + _START_SECONDS
        while not self._greets():
            if self._process.poll() is not None or time.monotonic() > until:
                raise StartFailed(f"dovecot does not start: {self.log()[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """With all its workers. Fine to repeat."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            # Its workers would serve whoever is logged in for as long as he stays.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def log(self) -> str:
        """What it wrote so far."""
        files = [self.base / "log", self.base / "output"]
        return "".join(file.read_text(errors="replace") for file in files if file.exists())

    def __enter__(self) -> "Dovecot":
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.base, ignore_errors=True)

    def _greets(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=2) as connection:
                return connection.recv(4) == b"* OK"
        except OSError:
            return False

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    def _write(self) -> None:
        self.base.chmod(0o755)
        for user in self.users:
            self.home(user).mkdir(parents=True, exist_ok=True)
            self._give(self.home(user))
        if not self.certificate.exists():
            make_certificate(self.certificate, self.base / "key.pem")
        (self.base / "users").write_text("".join(f"{user}:{{PLAIN}}{PASSWORD}\n" for user in self.users))
        if self._oauth2 is not None:
            (self.base / "oauth2.conf").write_text(_lines(_introspection(self._oauth2)))
        (self.base / "dovecot.conf").write_text(self._configuration())

    def _configuration(self) -> str:
        settings = {
            "base_dir": f"{self.base}/run",
            "state_dir": f"{self.base}/run",
            "log_path": f"{self.base}/log",
            "protocols": "imap",
            "listen": HOST,
            "ssl": "yes",
            "ssl_cert": f"<{self.certificate}",
            "ssl_key": f"<{self.base}/key.pem",
            "disable_plaintext_auth": "no",
            "auth_mechanisms": "plain login xoauth2" if self._oauth2 else "plain login",
            "auth_failure_delay": "0",
            "mail_location": "maildir:~/Maildir",
            "mail_uid": self._owner.pw_uid,
            "mail_gid": self._owner.pw_gid,
            "first_valid_uid": 1,
            "first_valid_gid": 0,
            "mail_max_userip_connections": 50,
        }
        if self._capability is not None:
            settings["imap_capability"] = self._capability
        if os.geteuid() != 0:
            names = ("default_login_user", "default_internal_user")
            settings |= dict.fromkeys(names, self._owner.pw_name)
            settings["default_internal_group"] = grp.getgrgid(os.getegid()).gr_name
        return _lines(settings) + self._sections()

    def _sections(self) -> str:
        chroot = "" if os.geteuid() == 0 else "  chroot =\n"
        oauth2 = f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {self.base}/oauth2.conf\n}}\n"
        return (
            f"service imap-login {{\n{chroot}  inet_listener imap {{\n    port = {self.port}\n  }}\n"
            f"  inet_listener imaps {{\n    port = {self.tls_port}\n    ssl = yes\n  }}\n}}\n"
            # Else it lets who gave a wrong password wait for up to 15 s.
            f"service anvil {{\n{chroot}  unix_listener anvil-auth-penalty {{\n    mode = 0\n  }}\n}}\n"
            f"passdb {{\n  driver = passwd-file\n  mechanisms = plain login\n  args = {self.base}/users\n}}\n"
            + (oauth2 if self._oauth2 else "")
            + f"userdb {{\n  driver = static\n  args = home={self.base}/mail/%u\n}}\n"
        )


def _introspection(endpoint: str) -> dict[str, object]:
    return {
        "introspection_mode": "post",
        "introspection_url": endpoint,
        "username_attribute": "username",
        "active_attribute": "active",
        "active_value": "true",
    }


def _lines(settings: Mapping[str, object]) -> str:
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def make_certificate(certificate: Path, key: Path) -> None:
    """A certificate of its own for localhost and 127.0.0.1, for a day. Raises StartFailed."""
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    request = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost")
    done = subprocess.run(
        (*request, "-addext", names, "-keyout", str(key), "-out", str(certificate)), capture_output=True, check=False
    )
    if done.returncode != 0:
        raise StartFailed("openssl makes no certificate")
