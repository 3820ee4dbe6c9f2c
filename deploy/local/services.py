"""Our services and what must be done before they start, as a table. All of them speak Kafka only with each other."""

import os
import sys
from dataclasses import replace
from functools import partial

from deploy.local import readiness
from deploy.local.environment import pack_folder
from deploy.local.places import Places
from deploy.local.ports import HOST, Ports
from deploy.local.programs import Program, Step

BEHIND = 5
"""Niceness of what works off; the containers have the same as shares of the processor."""


def services(ports: Ports) -> list[Program]:
    """Every service of the house, in the order of a report's way."""
    return [
        _service("intake-email", ("intake_email", "serve"), ports.intake_email_health, ports.smtp_intake),
        _service("tickets-api", ("tickets", "api"), ports.tickets_api_health, ports.tickets_api),
        _behind(_service("tickets-worker", ("tickets", "worker"), ports.tickets_worker_health)),
        _behind(_service("router", ("router", "serve"), ports.router_health)),
        _behind(_service("notifier", ("notifier", "serve"), ports.notifier_health)),
        *(mailboxes(ports) if os.environ.get("IMAP_MAILBOXES") else ()),
    ]


def mailboxes(ports: Ports) -> list[Program]:
    """Only for who names mailboxes: in the trial there are none."""
    return [_service("intake-email-fetch", ("intake_email", "fetch"), ports.mailboxes_health)]


def preparations(places: Places) -> list[list[Step]]:
    """Steps in stages; those of one stage run side by side."""
    stages = [
        [
            _step("make-topics", "kit", "topics", "create", "contracts.registry:TOPICS"),
            _step("prepare-tickets", "tickets", "prepare"),
        ],
        [_step("load-pack", "tickets", "pack", "load", str(pack_folder()))],
    ]
    if not places.staff_token.exists():
        roles = ("--role", "dispatcher", "--role", "resolver")
        out = ("--out", str(places.staff_token))
        stages[1].append(_step("make-staff-token", "tickets", "token", "create", *roles, *out))
    return stages


def _service(name: str, module: tuple[str, ...], health_port: int, *listens: int) -> Program:
    return Program(
        name=name,
        command=(sys.executable, "-m", *module),
        environment={"HEALTH_LISTEN": f"{HOST}:{health_port}", "INSTANCE": "1"},
        ports=(health_port, *listens),
        ready=readiness.says_ready(health_port),
        reasons=partial(readiness.reasons, health_port),
    )


def module_of(program: Program) -> tuple[str, ...]:
    """What Python is told to run, with its arguments."""
    return program.command[program.command.index("-m") + 1 :]


def _behind(service: Program) -> Program:
    """In a storm whoever stands at the door goes first: mail servers wait for their 250 and staff for their page."""
    return replace(service, niceness=BEHIND)


def _step(name: str, *module: str) -> Step:
    return Step(name, (sys.executable, "-m", *module))
