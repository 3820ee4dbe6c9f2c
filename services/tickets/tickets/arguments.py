"""The command line: which commands there are, and how their arguments are read."""

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from contracts.types import Code
from kit.settings import argument_parser
from tickets.cases.permissions import StaffRole
from tickets.settings import Settings
from tickets.staff.fields import Line, MailAddress

Days = Annotated[int, Field(ge=1, le=3650)]


def _of(kind: Any) -> Callable[[str], Any]:
    """Reads an argument as the API would."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def read(text: str) -> Any:
        try:
            return adapter.validate_python(text)
        except ValidationError as error:
            raise argparse.ArgumentTypeError(error.errors()[0]["msg"]) from None

    return read


def parser(about: str) -> argparse.ArgumentParser:
    """`about`: what `--help` says first."""
    parser = argument_parser("tickets", about, Settings)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("worker", help="read reports, routings and notifications; publish the events; until SIGTERM")
    commands.add_parser("api", help="serve the staff API until SIGTERM")
    commands.add_parser("prepare", help="make collections, indexes and the bucket where they are missing")
    pack = commands.add_parser("pack", help="the towns' packs").add_subparsers(dest="pack_command", required=True)
    pack_load = pack.add_parser("load", help="check a pack and let it hold from now on")
    pack_load.add_argument("path", type=Path)
    pack_list = pack.add_parser("list", help="which packs held, the newest first")
    pack_back = pack.add_parser("back", help="let the pack before hold again, from now on and without a restart")
    pack_back.add_argument("--to", help="instead: the one whose hash begins so, as `pack list` shows it")
    model = commands.add_parser("model", help="what the router has learnt").add_subparsers(
        dest="model_command", required=True
    )
    model_load = model.add_parser("load", help="let a model of `python -m router learn` hold from now on")
    model_load.add_argument("path", type=Path)
    model_list = model.add_parser("list", help="which models held, the newest first")
    model_back = model.add_parser(
        "back", help="let the model before hold again, or the one that comes with the program, without a restart"
    )
    model_back.add_argument("--to", help="instead: the one whose hash begins so, as `model list` shows it")
    for command in (pack_list, pack_back, model_load, model_list, model_back):
        command.add_argument("--municipality", help="default: the only one that this installation serves")
    books = commands.add_parser("ledger", help="compare the originals that were kept with what became of them")
    books.add_argument("--day", type=_of(date), help="YYYY-MM-DD; default: today and yesterday")
    books.add_argument("--since", type=_of(date), help="YYYY-MM-DD: every day from this one on")
    books.add_argument(
        "--at-once", action="store_true", help="also what came in the last minute: nothing is on its way"
    )
    books.add_argument("--missing", action="store_true", help="print only the folders of originals without an outcome")
    verify = commands.add_parser("verify", help="check that every stored history is whole")
    verify.add_argument("--municipality", help="only this town's")
    again = commands.add_parser("republish", help="publish stored events again, for a reader that is rebuilt")
    again.add_argument("--municipality", help="only this town's")
    again.add_argument("--ticket", type=_of(UUID), help="only this ticket's, by its id")
    again.add_argument(
        "--since",
        type=_of(AwareDatetime),
        help="after a restore: events from this moment on (ISO 8601 with zone), and of cases that wait for the router",
    )
    token = commands.add_parser("token", help="staff tokens").add_subparsers(dest="token_command", required=True)
    create = token.add_parser("create", help="make a token; it is shown or written once")
    create.add_argument("--role", action="append", required=True, choices=[str(role) for role in StaffRole])
    create.add_argument("--team", type=_of(Code), action="append", default=[], help="team of the pack; for resolvers")
    create.add_argument("--name", type=_of(Line), help="as colleagues call this member of staff")
    create.add_argument("--address", type=_of(MailAddress), help="e-mail; answers from it to task mails become notes")
    create.add_argument("--municipality", help="default: the only one that this installation serves")
    create.add_argument("--days", type=_of(Days), default=365, help="how long it holds, 1 to 3650")
    create.add_argument("--out", type=Path, help="new file for the token, readable by its owner only")
    token.add_parser("list", help="who has tokens")
    revoke = token.add_parser("revoke", help="end a token; it holds no longer than a second")
    revoke.add_argument("code", help="as `token list` shows it")
    return parser
