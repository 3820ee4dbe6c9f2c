"""The documents that are made from code: `python -m deploy.documents` writes docs/settings.md and docs/metrics.md."""

import importlib
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase
from pydantic_settings import BaseSettings

from deploy.local.ports import Ports
from deploy.local.services import module_of, services
from kit import metrics
from kit.settings import (
    KafkaSettings,
    MongoSettings,
    ObjectStoreSettings,
    SecretSettings,
    ServiceSettings,
    described,
)

DOCUMENTS = Path(__file__).resolve().parents[1] / "docs"
SHARED: Sequence[type[BaseSettings]] = (
    ServiceSettings,
    KafkaSettings,
    MongoSettings,
    ObjectStoreSettings,
    SecretSettings,
)
GENERATED = "<!-- Made by `python -m deploy.documents` from the code: change it there. -->\n"


def packages() -> list[str]:
    """The package of each service, in the order of a report's way."""
    return list(dict.fromkeys(module_of(program)[0] for program in services(Ports())))


def settings_page() -> str:
    """docs/settings.md: what several services share, then what is a service's own."""
    ours = {package: importlib.import_module(f"{package}.settings").Settings for package in packages()}
    lines = [
        GENERATED,
        "# Settings\n",
        "A setting is an environment variable. `SECRETS_FILE` names a JSON file in which settings may stand too, with names in",
        "lower case; it is the place for keys and passwords. The environment goes first. A wrong value ends the process at its",
        "start with the setting's name. `python -m PACKAGE --help` prints the same tables.\n",
        "The local system (`make up`) passes on what is set, but for what it says itself: its ports are fixed, whatever",
        "`API_LISTEN`, `SMTP_LISTEN` and `HEALTH_LISTEN` say, and so are `MUNICIPALITIES`, `INSTANCE` and `SECRETS_FILE`.\n",
        "## Shared\n",
    ]
    shared = [(part, row) for part in SHARED for row in described(part)]
    users = {part: [name for name, settings in ours.items() if issubclass(settings, part)] for part in SHARED}
    told = [
        (*row, "all" if len(users[part]) == len(ours) else ", ".join(f"`{name}`" for name in users[part]))
        for part, row in shared
    ]
    lines += table(("setting", "default", "meaning", "used by"), told)
    known = {name for _, (name, _, _) in shared}
    for package, settings in ours.items():
        own = [row for row in described(settings) if row[0] not in known]
        lines += [
            f"\n## {package}\n",
            *(table(("setting", "default", "meaning"), own) if own else ["Only shared ones."]),
        ]
    return "\n".join(lines) + "\n"


def metrics_page() -> str:
    """docs/metrics.md: every metric of kit/metrics.py."""
    rows = []
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            family = next(iter(metric.describe()))
            name = f"{family.name}_total" if family.type == "counter" else family.name
            rows.append((name, family.type, ", ".join(metric._labelnames), family.documentation))
    head = [
        "# Metrics\n",
        "At `/metrics` of each service's `HEALTH_LISTEN`. What to watch: [operations.md](operations.md).\n",
    ]
    return "\n".join([GENERATED, *head, *table(("metric", "type", "labels", "meaning"), rows)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Markdown lines; the first two columns are code."""

    def cell(index: int, text: str) -> str:
        safe = text.replace("|", "\\|").replace("<", "&lt;") if index >= 2 else text
        return f"`{safe}`" if index < 2 and safe else safe

    body = [f"| {' | '.join(cell(index, text) for index, text in enumerate(row))} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *body]


PAGES = {"settings.md": settings_page, "metrics.md": metrics_page}


def main(directory: Path = DOCUMENTS) -> int:
    """Writes the pages; returns the exit code."""
    for name, page in PAGES.items():
        (directory / name).write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
