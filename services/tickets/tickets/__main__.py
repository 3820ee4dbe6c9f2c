"""`python -m tickets worker|api` serve; `prepare`, `pack|model load|list|back`, `ledger`, `verify`, `republish`, `token …` are for operators."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import packs
from kit import logs, mongo
from kit.health import HealthServer
from kit.object_store import S3ObjectStore, StoreAway
from kit.producer import Producer
from kit.settings import arguments_or_help, load
from kit.stopping import run_parts, until_signal
from tickets import histories, wiring
from tickets.arguments import parser
from tickets.books.ledger import PATIENCE, Missing, Page
from tickets.cases.permissions import StaffRole
from tickets.rulesets import (
    Activation,
    Activations,
    NoModelError,
    Sort,
    earlier,
    of_the_program,
    publication,
    stored,
    stored_model,
)
from tickets.settings import Settings
from tickets.store import prepare

ROUTER_TIME_AFTER_RESTORE = timedelta(minutes=10)


def _worker(settings: Settings) -> int:
    stop = until_signal()
    parts = wiring.worker(settings)
    with HealthServer(settings.health_listen, ready=parts.ready, live=parts.live, resume=parts.resume):
        code = run_parts(parts.parts, stop)
    parts.close()
    return code


def _prepare(settings: Settings) -> int:
    prepare(wiring.database(settings))
    S3ObjectStore.connect(settings).prepare()
    return 0


def _only_town(settings: Settings, named: str | None) -> str | None:
    """The town that is meant; None, and said, where there are several and none was named."""
    town = named or (settings.towns[0] if len(settings.towns) == 1 else None)
    if town in settings.towns:
        return town
    print(f"--municipality: one of {', '.join(settings.towns)}", file=sys.stderr)
    return None


def _pack(settings: Settings, arguments: argparse.Namespace) -> int:
    activations = Activations(wiring.database(settings))
    if arguments.pack_command == "load":
        try:
            loaded = stored(arguments.path, S3ObjectStore.connect(settings))
        except packs.PackError as error:
            for finding in error.findings:
                print(finding, file=sys.stderr)
            return 1
        return _activate(settings, activations, loaded)
    town = _only_town(settings, arguments.municipality)
    if town is None:
        return 2
    known = activations.of(town)
    if arguments.pack_command == "list":
        return _list(known)
    found = earlier(known, arguments.to)
    if found is None:
        print("there is no other pack to go back to; `pack list` shows what held", file=sys.stderr)
        return 1
    return _activate(settings, activations, replace(found, at=datetime.now(UTC)))


def _model(settings: Settings, arguments: argparse.Namespace) -> int:
    activations, town = Activations(wiring.database(settings)), _only_town(settings, arguments.municipality)
    if town is None:
        return 2
    if arguments.model_command == "load":
        try:
            return _activate(settings, activations, stored_model(arguments.path, town, S3ObjectStore.connect(settings)))
        except NoModelError as error:
            print(error, file=sys.stderr)
            return 1
    known = activations.of(town, Sort.MODEL)
    if arguments.model_command == "list":
        return _list(known)
    found = earlier(known, arguments.to)
    if found is None and (arguments.to or not known or not known[0].digest):
        print("there is no other model to go back to; `model list` shows what held", file=sys.stderr)
        return 1
    back = replace(found, at=datetime.now(UTC)) if found is not None else of_the_program(town)
    return _activate(settings, activations, back)


def _list(known: Sequence[Activation]) -> int:
    for number, one in enumerate(known):
        print(f"{one.at:%Y-%m-%d %H:%M:%S} {one.digest[:12]:12} {one.label}{'' if number else '  holds'}")
    return 0


def _activate(settings: Settings, activations: Activations, activation: Activation) -> int:
    activations.note(activation)
    producer = Producer(settings.kafka_bootstrap, client_id="tickets-pack")
    confirmed = producer.publish_all([publication(activation)])[0]
    producer.close()
    print(
        f"{activation.label} ({activation.digest[:12] or 'of the program'}): holds from now on"
        if confirmed
        else f"Kafka at {settings.kafka_bootstrap} did not confirm it (KAFKA_BOOTSTRAP)",
        file=sys.stderr,
    )
    return 0 if confirmed else 1


def _ledger(settings: Settings, arguments: argparse.Namespace) -> int:
    ledger, today = wiring.ledger(settings, wiring.database(settings)), datetime.now(UTC).date()
    first = arguments.day or arguments.since or today - timedelta(days=1)
    last = arguments.day or max(first, today)
    patience = timedelta() if arguments.at_once else PATIENCE
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    pages = [page for town in settings.towns for one in days for page in ledger.pages(town, one, patience)]
    for page in pages:
        if not arguments.missing:
            print(_line(page))
        for missing in page.missing:
            print(missing.folder if arguments.missing else f"  {missing.folder}  {_where_it_stands(missing)}")
    if not pages and not arguments.missing:
        print(f"no originals from {first} to {last}")
    return 1 if any(page.missing for page in pages) else 0


def _line(page: Page) -> str:
    became = ", ".join(f"{outcome} {count}" for outcome, count in sorted(page.outcomes.items())) or "-"
    published = "?" if page.published is None else page.published
    return (
        f"{page.municipality} {page.day} {page.channel}: originals {page.originals}, published {published}: {became}; "
        f"on the way {page.waiting}; missing {len(page.missing)}"
    )


def _where_it_stands(missing: Missing) -> str:
    if missing.published is None:
        return ""
    return "published, and its reader waits" if missing.published else "never published"


def _verify(settings: Settings, municipality: str | None) -> int:
    checked = broken = 0
    for fault in histories.faults(wiring.database(settings), municipality):
        checked += 1
        if fault is not None:
            broken += 1
            print(f"{fault.ticket_id}  event {fault.sequence}: {fault.what}")
    print(f"{checked} histories checked, {broken} not whole", file=sys.stderr)
    return 1 if broken else 0


def _republish(settings: Settings, arguments: argparse.Namespace) -> int:
    database = wiring.database(settings)
    if arguments.since is not None:
        histories.wait_for_router_again(database, datetime.now(UTC) + ROUTER_TIME_AFTER_RESTORE)
    producer = Producer(settings.kafka_bootstrap, client_id="tickets-republish")
    try:
        count, whole = histories.republish(
            database,
            producer.publish_all,
            ticket_id=arguments.ticket,
            municipality=arguments.municipality,
            since=arguments.since,
            tell=lambda count: print(f"{count} …", file=sys.stderr),
        )
    finally:
        producer.close()
    print(
        f"{count} events published again" if whole else f"the broker stopped confirming after {count}", file=sys.stderr
    )
    return 0 if whole else 1


def _token(settings: Settings, arguments: argparse.Namespace) -> int:
    tokens = wiring.staff_tokens(settings, wiring.database(settings))
    if arguments.token_command == "list":
        for row in tokens.rows():
            state = "revoked" if row["revoked"] else f"until {row['expires']:%Y-%m-%d}"
            whose = [row["_id"], row["municipality"], ",".join(row["roles"]), ",".join(row["teams"]) or "-", state]
            print(*whose, *([row["name"]] if row.get("name") else []))
        return 0
    if arguments.token_command == "revoke":
        found = tokens.revoke(arguments.code)
        print("revoked" if found else "no token of that code", file=sys.stderr)
        return 0 if found else 1
    municipality = _only_town(settings, arguments.municipality)
    if municipality is None:
        return 2
    if arguments.out is not None and (arguments.out.is_dir() or not os.access(arguments.out.parent, os.W_OK)):
        print("--out: no file can be written there", file=sys.stderr)
        return 2
    if arguments.out is not None and os.path.lexists(arguments.out):
        print("--out: there is a file already", file=sys.stderr)
        return 2
    code, token = tokens.create(
        municipality,
        [StaffRole(role) for role in arguments.role],
        teams=arguments.team,
        name=arguments.name,
        address=arguments.address,
        lifetime=timedelta(days=arguments.days),
    )
    try:
        _hand_out(token, arguments.out)
    except OSError as error:
        # Nobody has it, so nobody may use it.
        tokens.revoke(code)
        print(f"--out: {error.strerror}; the token is revoked", file=sys.stderr)
        return 1
    print(f"token of {code}", file=sys.stderr)
    return 0


def _hand_out(token: str, out: Path | None) -> None:
    if out is None:
        print(token)
        return
    # Whole or not at all: who finds the file must be able to use it.
    beside = out.with_name(f"{out.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(token + "\n")
        # Unlike a renaming this never takes the place of a file that has come meanwhile.
        os.link(beside, out)
    finally:
        beside.unlink()


def main() -> int:
    """The command line; returns the exit code."""
    arguments = arguments_or_help(parser(__doc__ or ""))
    settings = load(Settings)
    logs.setup(wiring.SERVICE, settings.instance, settings.log_level)
    if arguments.command == "worker":
        return _worker(settings)
    if arguments.command == "api":
        from tickets.api import serve  # the worker needs no web framework in its memory

        return serve(settings)
    try:
        return _by_hand(settings, arguments)
    except mongo.AWAY:
        print("the database does not answer (MONGODB_URI)", file=sys.stderr)
    except StoreAway:
        print(f"the object store at {settings.s3_endpoint} does not answer (S3_ENDPOINT)", file=sys.stderr)
    return 1


def _by_hand(settings: Settings, arguments: argparse.Namespace) -> int:
    if arguments.command == "prepare":
        return _prepare(settings)
    if arguments.command == "pack":
        return _pack(settings, arguments)
    if arguments.command == "model":
        return _model(settings, arguments)
    if arguments.command == "ledger":
        return _ledger(settings, arguments)
    if arguments.command == "verify":
        return _verify(settings, arguments.municipality)
    if arguments.command == "republish":
        return _republish(settings, arguments)
    return _token(settings, arguments)


if __name__ == "__main__":
    sys.exit(main())
