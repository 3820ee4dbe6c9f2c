"""Nothing connects, writes, reads or starts at import."""

from pathlib import Path

import pytest

from .conftest import Plant
from .source import Module
from .starting import start_faults

PACKAGES = ("contracts", "kit", "packs", "understanding", "deploy", "intake_email", "tickets", "router", "notifier")


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_module_does_nothing(root: Path, modules: list[Module], package: str) -> None:
    names = [module.name for module in modules if module.package == package]
    assert names
    assert start_faults(root, names) == []


def test_every_package_is_tried(modules: list[Module]) -> None:
    assert {module.package for module in modules if module.package is not None} - {"tests"} == set(PACKAGES)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("import socket\nsocket.create_connection(('127.0.0.1', 9))", "socket.getaddrinfo"),
        ("import socket\nsocket.socket().connect(('127.0.0.1', 9))", "socket.connect"),
        ("import socket\nsocket.socket().bind(('127.0.0.1', 0))", "socket.bind"),
        ("def start():\n    import socket\n    socket.getaddrinfo('localhost', 9)\nstart()", "socket.getaddrinfo"),
        ("class Settings:\n    import subprocess\n    found = subprocess.run(['true'])", "subprocess.Popen"),
        ("import os\nos.system('true')", "os.system"),
        ("open('state.json', 'w')", "opens a file for writing"),
        ("import pathlib\npathlib.Path('state').mkdir()", "os.mkdir"),
        ("import pathlib\npathlib.Path('notes.txt').read_text()", "reads notes.txt"),
        (
            "import threading, time\nthreading.Thread(target=time.sleep, args=(5,), daemon=True).start()",
            "starts a thread",
        ),
        ("import confluent_kafka\nproducer = confluent_kafka.Producer({})", "starts a thread"),
        ("raise RuntimeError('no settings')", "RuntimeError at import"),
        ("import not_there", "ModuleNotFoundError at import"),
    ],
)
def test_what_a_module_does_at_import_is_found(plant: Plant, tmp_path: Path, code: str, fault: str) -> None:
    plant({"lamps/__init__.py": "", "lamps/wiring.py": code, "notes.txt": "x"})
    found = start_faults(tmp_path, ["lamps", "lamps.wiring"], [tmp_path])
    assert f"lamps.wiring: {fault}" in found


def test_a_module_that_only_defines_is_not_found(plant: Plant, tmp_path: Path) -> None:
    plant({"lamps/__init__.py": "", "lamps/wiring.py": "import socket, minio\ndef connect():\n    socket.socket()"})
    assert start_faults(tmp_path, ["lamps", "lamps.wiring"], [tmp_path]) == []


def test_a_probe_that_cannot_run_is_found(tmp_path: Path) -> None:
    (tmp_path / "lamps.py").write_text("import os\nos._exit(3)")
    assert "the probe ended with 3" in start_faults(tmp_path, ["lamps"], [tmp_path])[-1]
