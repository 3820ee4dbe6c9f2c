"""The image's steps by hand, in a clean directory: what is copied suffices, and nothing else is in it."""

import os
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from .image import PROJECT, Stage, build, is_sent, link_requirements, python_in, read_stages

PACKAGES = {"intake-email": "intake_email", "tickets": "tickets", "router": "router", "notifier": "notifier"}
STAGES = read_stages((PROJECT / "Dockerfile").read_text())
IMPORT_ALL = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(getattr(package, "__path__", ()), name + "."):
        importlib.import_module(module.name)
"""


@pytest.fixture(scope="module", params=sorted(PACKAGES))
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def image(service: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp(service)
    build(STAGES["code"], service, target)
    link_requirements(service, target / "packages")
    return target


def run(image: Path, service: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    python, environment = python_in(image, service)
    return subprocess.run(
        [*python, *arguments], cwd=image, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_service_and_its_commands_import_with_its_own_requirements_alone(image: Path, service: str) -> None:
    done = run(image, service, "-c", IMPORT_ALL, PACKAGES[service], "kit.__main__", "deploy.compose", "deploy.backup")
    assert done.returncode == 0, done.stderr


def test_what_stands_in_no_requirement_of_the_service_cannot_be_imported(image: Path, service: str) -> None:
    done = run(image, service, "-c", "import pytest")
    assert "ModuleNotFoundError" in done.stderr


@pytest.mark.parametrize("module", ["kit", "the service's own"])
def test_the_entry_point_explains_itself(image: Path, service: str, module: str) -> None:
    done = run(image, service, "-m", "kit" if module == "kit" else PACKAGES[service], "--help")
    assert done.returncode == 0, done.stderr
    assert "usage: python -m" in done.stdout


def test_no_test_and_no_development_file_is_in_the_image(image: Path) -> None:
    inside = [path.relative_to(image) for path in (image / "app").rglob("*")]
    assert [path for path in inside if {"tests", "__pycache__"} & set(path.parts) or path.suffix == ".md"] == []
    assert not (image / "app/deploy/local/supervisor.py").exists()


def test_no_other_service_is_in_the_image(image: Path, service: str) -> None:
    assert sorted(path.name for path in (image / "app/services").iterdir()) == [service]


def test_the_mail_catcher_imports_with_the_requirements_of_the_mail_intake(tmp_path: Path) -> None:
    build(STAGES["code"], "intake-email", tmp_path)
    build(STAGES["mail-catcher"], "intake-email", tmp_path)
    link_requirements("intake-email", tmp_path / "packages")
    done = run(tmp_path, "intake-email", "-c", "import deploy.local.mail_catcher")
    assert done.returncode == 0, done.stderr


def test_secrets_are_made_once_and_are_for_their_owner_only(tmp_path: Path) -> None:
    build(STAGES["code"], "tickets", tmp_path)
    link_requirements("tickets", tmp_path / "packages")
    services, store = tmp_path / "secrets/secrets.json", tmp_path / "keys/keys.env"
    contents = set()
    for _ in range(2):
        done = run(tmp_path, "tickets", "-m", "deploy.compose.make_secrets", str(services), str(store))
        assert done.returncode == 0, done.stderr
        contents.add((services.read_text(), store.read_text()))
    assert len(contents) == 1
    assert {os.stat(path).st_mode & 0o777 for path in (services, store)} == {0o600}
    assert services.read_text().count(store.read_text().split("=")[-1].strip()) == 1


@pytest.mark.parametrize("name", ["service", "mail-catcher"])
def test_no_image_runs_as_root_or_through_a_shell(name: str) -> None:
    user = STAGES["code"].last("USER") or ""
    assert user.split(":")[0].isdigit()
    assert int(user.split(":")[0]) > 0
    assert (STAGES["code"].last("ENTRYPOINT") or "").startswith("[")
    assert (STAGES[name].last("CMD") or "").startswith("[")
    assert STAGES[name].last("USER") is None
    assert STAGES[name].base == "code"


def test_the_image_has_a_health_check_and_a_base_with_a_version() -> None:
    assert "ask_health" in (STAGES["service"].last("HEALTHCHECK") or "")
    base = next(
        line for line in (PROJECT / "Dockerfile").read_text().splitlines() if line.startswith("ARG PYTHON_IMAGE")
    )
    assert base == "ARG PYTHON_IMAGE=python:3.11-slim-bookworm"


def test_stages_are_read_with_continued_lines() -> None:
    read = read_stages("ARG A=1\nFROM one AS first\nRUN a \\\n    && b\n# no\nFROM first AS second\nUSER 1\nUSER 2\n")
    assert read["first"] == Stage("first", "one", (("RUN", "a      && b"),))
    assert (read["second"].base, read["second"].last("USER")) == ("first", "2")


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("kit/consumer.py", True),
        ("kit/tests/test_consumer.py", False),
        ("services/tickets/README.md", False),
        ("requirements/tickets.txt", True),
        ("requirements/dev.txt", False),
        (".local/secrets.json", False),
        ("docs/api.md", False),
    ],
)
def test_only_what_the_build_needs_is_sent_to_it(path: str, sent: bool) -> None:
    lines = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert is_sent(PurePosixPath(path), lines) is sent
