"""`python -m intake_email serve` takes mail in by SMTP, `fetch` from mailboxes; `parse FILE` shows what would be made of one; `repair` mends."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from intake_email import events
from intake_email.events import Keys
from intake_email.message import headers, parsing
from intake_email.message.addresses import mailboxes
from intake_email.recipients import AddressBook, Recipient
from intake_email.settings import Settings
from kit import logs
from kit.settings import argument_parser, arguments_or_help, load
from kit.stopping import until_signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from intake_email.mailboxes.books import Page
    from intake_email.repairing import Repaired

_TRIAL_KEY = bytes(32)
"""`parse` also works where no secrets are: its pseudonyms are then of no town."""


def _parser() -> argparse.ArgumentParser:
    parser = argument_parser("intake_email", __doc__ or "", Settings)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="take mail in by SMTP until SIGTERM")
    commands.add_parser("fetch", help="take mail from the mailboxes of IMAP_MAILBOXES until SIGTERM")
    look = commands.add_parser(
        "mailboxes", help="compare the mailboxes with the store: what waits, what is done and not kept"
    )
    look.add_argument("--days", type=int, default=2, help="so many days of done mails, today among them; default: 2")
    mend = commands.add_parser("repair", help="take originals in again that were kept and never registered")
    mend.add_argument(
        "folder", nargs="+", help="as `python -m tickets ledger --missing` prints them; - for standard input"
    )
    parse = commands.add_parser("parse", help="print the event's data of one message as JSON; any bytes will do")
    parse.add_argument("file", help="a message as it came (.eml), - for standard input")
    parse.add_argument(
        "--recipient", action="append", default=[], help="our address, may have a +token; default: from To and Cc"
    )
    parse.add_argument("--sender", help="return path, empty for the null one; default: from Return-Path")
    parse.add_argument(
        "--received-at", type=_instant, help="ISO 8601 with zone; default: now, so give it for the same output"
    )
    return parser


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _recipient(raw: bytes, given: list[str], addresses: AddressBook) -> Recipient:
    fields, _, _ = headers.split(raw, 0, len(raw))
    named = [mailbox.address for name in ("delivered-to", "to", "cc") for mailbox in mailboxes(fields.raw(name))]
    for address in (*given, *named):
        found = addresses.find(address)
        if found is not None:
            return found
    address, municipality = next(iter(addresses.municipalities.items()))
    return Recipient(municipality, address, "")


def _parse(arguments: argparse.Namespace, settings: Settings) -> int:
    try:
        raw = sys.stdin.buffer.read() if arguments.file == "-" else Path(arguments.file).read_bytes()
    except OSError as error:
        print(f"{arguments.file}: {error.strerror}", file=sys.stderr)
        return 2
    addresses = AddressBook.read(settings.municipalities)
    recipient = _recipient(raw, arguments.recipient, addresses)
    reply_keys = {name: key.get_secret_value() for name, key in settings.reply_token_keys.items()}
    keys = Keys(settings.pseudonym_key.get_secret_value() or _TRIAL_KEY, reply_keys)
    came = events.arrival(
        parsing.identify(raw),
        raw,
        municipality=recipient.municipality,
        tags=(recipient.tag,),
        received_at=arguments.received_at or datetime.now(UTC),
    )
    try:
        message = parsing.parse(raw, envelope_sender=arguments.sender, domains=addresses.domains)
        data = events.register(message, came, keys).event.data
    except Exception as error:
        # As in service: a message that we cannot read is registered all the same.
        print(f"not parsed: {type(error).__name__}", file=sys.stderr)
        data = events.register_unparsable(came, keys, arguments.sender or "").event.data
    # Whatever the terminal's encoding: it is JSON, and JSON is UTF-8.
    sys.stdout.buffer.write(data.model_dump_json(indent=2, exclude_none=True).encode() + b"\n")
    return 0


def _repair(named: list[str], repair: "Callable[[list[str]], list[Repaired]]") -> int:
    folders = [name.strip() for one in named for name in (sys.stdin if one == "-" else [one]) if name.strip()]
    results = repair(folders)
    for result in results:
        print(f"{result.folder}: {result.fault or 'taken in'}", file=sys.stderr)
    return 1 if any(result.fault for result in results) else 0


def _mailboxes(pages: "Iterable[tuple[str, Page | str]]") -> int:
    wrong = False
    for name, page in pages:
        if isinstance(page, str):
            print(f"{name}: {page}")
            wrong = True
            continue
        print(f"{name}: {page.waiting} waiting, {page.late} of them for over a minute, {page.done} done")
        if page.not_kept:
            print(f"  done and not kept: UID {', '.join(map(str, page.not_kept))}")
        for day in page.days:
            print(f"  outcomes: python -m tickets ledger --day {day}")
        wrong = wrong or bool(page.late or page.not_kept)
    return int(wrong)


def main() -> int:
    """The command line; returns the exit code."""
    arguments = arguments_or_help(_parser())
    settings = load(Settings)
    if arguments.command == "parse":
        return _parse(arguments, settings)
    if not settings.pseudonym_key.get_secret_value():
        print("setting PSEUDONYM_KEY: needed; without it pseudonyms could be guessed from addresses", file=sys.stderr)
        return 2
    # Only here: `parse` needs neither broker nor store, nor their clients.
    from intake_email import wiring

    logs.setup("intake-email", settings.instance, settings.log_level)
    if arguments.command == "mailboxes":
        return _mailboxes(wiring.pages(settings, arguments.days))
    if arguments.command == "repair":
        return _repair(arguments.folder, wiring.repair(settings))
    if arguments.command == "fetch":
        return wiring.fetch(settings, until_signal())
    return wiring.run(settings, until_signal())


if __name__ == "__main__":
    sys.exit(main())
