"""The first start on a mailbox full of old mails: how long it takes until each is registered and moved away, and what it costs."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.local.dovecot import PASSWORD, Dovecot
from deploy.local.system import LocalSystem
from tests.benchmark.load import TOWN, mail
from tests.benchmark.processes import cpu_seconds, resident_megabytes

USER = "podatelna"


def first_start(system: LocalSystem, count: int, within: float = 1800.0) -> str:
    """One line of figures. Raises TimeoutError."""
    with Dovecot([USER]) as server:
        for number in range(count):
            server.deliver(mail(number, "mailbox", None)[1], name=f"{number}.lipovany")
        inbox = [server.home(USER) / "Maildir" / part for part in ("new", "cur")]
        with (system.places.log / "benchmark-fetch.log").open("wb") as log:
            command = (sys.executable, "-m", "intake_email", "fetch")
            process = subprocess.Popen(command, env=_told(system, server), stdout=log, stderr=log)
        try:
            began, most = time.monotonic(), 0.0
            while sum(len(os.listdir(part)) for part in inbox):
                most = max(most, resident_megabytes(process.pid))
                if time.monotonic() - began > within or process.poll() is not None:
                    raise TimeoutError("the mailbox is not empty")
                threading.Event().wait(0.5)
            seconds, spent = time.monotonic() - began, cpu_seconds(process.pid)
        finally:
            process.terminate()
            process.wait()
    return (
        f"A mailbox of {count:,} small mails at the first start of `fetch`: {seconds:.0f} s until each is registered and moved away, "
        f"{1000 * spent / count:.1f} ms CPU of the process a mail, {most:.0f} MB at most."
    )


def _told(system: LocalSystem, server: Dovecot) -> Mapping[str, str]:
    """The environment: the mailbox, and its password beside the other secrets."""
    folder = system.places.root
    box = {"name": USER, "user": USER, "address": TOWN, "host": "localhost", "port": server.tls_port}
    told = {"mailboxes": [{**box, "certificate_authority": str(server.certificate)}]}
    (folder / "benchmark-mailboxes.yaml").write_text(json.dumps(told))
    secrets = json.loads(Path(system.environment["SECRETS_FILE"]).read_text())
    both = {**secrets, "mailbox_secrets": {USER: {"password": PASSWORD}}}
    (folder / "benchmark-secrets.json").write_text(json.dumps(both))
    own = {
        "IMAP_MAILBOXES": str(folder / "benchmark-mailboxes.yaml"),
        "SECRETS_FILE": str(folder / "benchmark-secrets.json"),
        "HEALTH_LISTEN": "127.0.0.1:0",
    }
    return {**os.environ, **system.environment, **own}
