"""`python -m notifier serve`, and what an operator does by hand: `deliveries list|retry|retell`."""

import argparse
import sys
from datetime import datetime
from uuid import UUID

from kit import logs, stopping
from kit.settings import argument_parser, load
from notifier.deliveries import Delivery, State
from notifier.keeping import DatabaseAway
from notifier.settings import Settings
from notifier.wiring import delivery_store, now, run


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parsed = _parser().parse_args(arguments)
    settings = load(Settings)
    if parsed.command == "serve":
        return _serve(settings)
    try:
        return _ACTIONS[parsed.action](settings, parsed)
    except DatabaseAway:
        print("the database does not answer", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argument_parser("notifier", "Tells whom it concerns.", Settings)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="read ticket events and send")
    deliveries = commands.add_parser("deliveries", help="see what waits or failed, and ask for it again")
    actions = deliveries.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="the newest deliveries, without names and addresses")
    listing.add_argument("--state", type=State, choices=list(State), help="only those in this state")
    listing.add_argument("--ticket", type=UUID, help="only those of this ticket's id")
    listing.add_argument("--limit", type=int, default=50, help="how many at most (50)")
    retry = actions.add_parser("retry", help="make failed deliveries due again")
    retry.add_argument("id", type=UUID, nargs="+", help="ids as `list` shows them")
    retell = actions.add_parser("retell", help="publish outcomes again, after a restore; nothing is sent to anybody")
    retell.add_argument(
        "--since", type=_instant, required=True, help="finished from this moment on (ISO 8601 with zone)"
    )
    return parser


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("without its zone, as in 2026-11-25T08:00:00+00:00")
    return moment


def _serve(settings: Settings) -> int:
    if not settings.reply_token_keys:
        print("setting REPLY_TOKEN_KEYS: no key for reply addresses", file=sys.stderr)
        return 2
    if not settings.pseudonym_key.get_secret_value():
        print("setting PSEUDONYM_KEY: needed; without it kept names of mailboxes could be guessed", file=sys.stderr)
        return 2
    logs.setup("notifier", settings.instance, settings.log_level)
    return run(settings, stopping.until_signal())


def _list(settings: Settings, parsed: argparse.Namespace) -> int:
    found = delivery_store(settings).listing(state=parsed.state, ticket=parsed.ticket, limit=parsed.limit)
    for delivery in found:
        print(_row(delivery))
    print(f"{len(found)} deliveries")
    return 0


def _row(delivery: Delivery) -> str:
    why = " ".join(word for word in (delivery.failure, delivery.status) if word)
    return (
        f"{delivery.id}  {delivery.created_at:%Y-%m-%dT%H:%M:%SZ}  {delivery.state.value:9}  {delivery.template:28} "
        f"{delivery.role.value:10}  {(delivery.case and delivery.case.number) or '-':12} tried {delivery.attempts}"
        f"{f', in doubt {delivery.doubts}' if delivery.doubts else ''}  {why}"
    ).rstrip()


def _retry(settings: Settings, parsed: argparse.Namespace) -> int:
    store = delivery_store(settings)
    refused = [id for id in parsed.id if not store.retry(id, now())]
    for id in refused:
        print(f"{id}: not failed, or its content is already deleted", file=sys.stderr)
    print(f"{len(parsed.id) - len(refused)} due again")
    return 1 if refused else 0


def _retell(settings: Settings, parsed: argparse.Namespace) -> int:
    print(f"{delivery_store(settings).tell_again(parsed.since)} outcomes will be told again")
    return 0


_ACTIONS = {"list": _list, "retry": _retry, "retell": _retell}


if __name__ == "__main__":
    sys.exit(main())
