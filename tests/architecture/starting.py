"""What a module does when it is imported: nothing. Found by importing it in a process of its own that forbids the rest."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

PROBE = """
import importlib, os, sys, threading

FORBIDDEN = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
             "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.mkdir", "os.remove", "os.rename")
root, modules = sys.argv[1] + os.sep, sys.argv[2:]
found = []

def is_ours(path):
    return path.startswith(root) and "/." not in path[len(root) - 1:]

def by_us():
    # Libraries may look around at their own import (urllib3 tries whether there is IPv6): the module that is being
    # imported innermost is the one that does it.
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return frame is not None and is_ours(os.path.abspath(frame.f_code.co_filename))

def audit(event, arguments):
    if event in FORBIDDEN and by_us():
        found.append(event)
        raise PermissionError(event)
    if event == "open" and isinstance(arguments[0], str):
        path, mode = os.path.abspath(arguments[0]), arguments[1] or "r"
        if any(letter in mode for letter in "wxa+") and by_us():
            found.append("opens a file for writing")
            raise PermissionError(event)
        if is_ours(path) and not path.endswith((".py", ".pyc")) and os.path.isfile(path):
            found.append("reads " + path[len(root):])

def threads():
    # Those of C libraries too: a Kafka client starts its own.
    tasks = "/proc/self/task"
    return max(threading.active_count(), len(os.listdir(tasks)) if os.path.isdir(tasks) else 0)

sys.addaudithook(audit)
for name in modules:
    del found[:]
    before = threads()
    try:
        importlib.import_module(name)
    except BaseException as error:
        found.append(type(error).__name__ + " at import")
    if threads() > before:
        found.append("starts a thread")
    for what in dict.fromkeys(found):
        print(name + ": " + what)
"""


def start_faults(root: Path, modules: Iterable[str], search: Iterable[Path] = ()) -> list[str]:
    """`module: what it does` for modules that connect, write, start something or read a file when they are imported.

    `search` are folders for the import path, before the installed packages.
    """
    path = os.pathsep.join(str(folder) for folder in search)
    environment: Mapping[str, str] = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": path}
    command = [sys.executable, "-B", "-W", "ignore", "-c", PROBE, str(root), *modules]
    ran = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=120, check=False)
    lines = ran.stdout.splitlines()
    return lines if ran.returncode == 0 else [*lines, f"the probe ended with {ran.returncode}: {ran.stderr[-500:]}"]
