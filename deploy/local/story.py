"""`make run`: the system in the foreground, and the way of one report from the citizen's mail to the acknowledgement.

It knows only what everybody outside knows: SMTP, the staff API and the mails that come out. Told in Czech, for people of a
town hall who see the system for the first time.
"""

import http.client
import json
import re
import smtplib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.policy import SMTP
from typing import Any, TypeVar

from deploy.local.commands import say, until_signal, where_things_are
from deploy.local.environment import existing_servers, town
from deploy.local.mail_page import plain_text, read_mail
from deploy.local.places import Places
from deploy.local.ports import HOST, Ports
from deploy.local.sample_report import CITIZEN, SUBJECT, sample_report
from deploy.local.system import LocalSystem

# Where the router says nothing, a ticket goes to the dispatcher after a minute.
LONGEST_WAIT = 90.0
LOOK_SECONDS = 0.1
ACCEPTED = 250
REPORT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Found = TypeVar("Found")


class StoryEnds(Exception):
    """The report did not get on; the text says where it stopped."""


@dataclass(frozen=True)
class Wire:
    """What the outside sees of the system.

    `ask` gets a path below /api/v1 and returns None for 404. `mails_to` is None where the mail catcher is not the relay.
    `patience` is in seconds, for each step.
    """

    hand_in: Callable[[], str]
    ask: Callable[[str], dict[str, Any] | None]
    mails_to: Callable[[str], list[str]] | None
    ended: threading.Event
    patience: float = LONGEST_WAIT


def run(places: Places, ports: Ports) -> int:
    """Start everything here, tell the story, wait for Ctrl-C."""
    say("Starting the helpdesk of Lipovany on this machine.\n")
    system = LocalSystem(places.root, ports, existing=existing_servers(), tell=lambda line: say(f"  {line}"))
    status = until_signal(system, _when_ready, with_services=True)
    if status == 0:
        say(f"\nVše je zastaveno. Data zůstala v {places.root}, příště se pokračuje s nimi.")
    return status


def _when_ready(system: LocalSystem, ended: threading.Event) -> None:
    places, ports = system.places, system.ports
    say(f"\nEverything is ready.\n{where_things_are(places, system.state('ready'))}\n")
    sent = f"je na http://{HOST}:{ports.mail_page}/"
    if not _mails_are_caught(system):
        sent = f"odchází přes váš poštovní server {system.environment['SMTP_RELAY']}."
    try:
        tell_story(_wire(system, ended), say)
    except StoryEnds as problem:
        if ended.is_set():
            return
        say(f"\n  {problem}\n  Co se stalo, je v {places.log}; `make status` ukáže, co běží.")
    say(
        f"\nJak dál:\n"
        f"  Napište vlastní hlášení na {town().email} přes SMTP {HOST}:{ports.smtp_intake}.\n"
        f"  Co úřad odeslal, {sent}\n"
        f"  Co umí rozhraní pro úředníky, je na http://{HOST}:{ports.tickets_api}/docs\n"
        f"  Ctrl-C vše v pořádku zastaví."
    )


def tell_story(wire: Wire, tell: Callable[[str], None]) -> None:
    """Hand in the sample and tell each step with the seconds since then. Raises StoryEnds."""
    tell(f"Ukázka: občan píše městu. Předmět: „{SUBJECT}“, s fotografií.\n")
    began = time.monotonic()

    def step(done: str) -> None:
        tell(f"  {time.monotonic() - began:5.1f} s  {done}")

    report = wire.hand_in()
    step("Přijato. Město hlášení uložilo a potvrdilo převzetí.")
    outcome = _wait(wire, "zaevidování", lambda: wire.ask(f"/reports/{report}"))
    ticket = str(outcome["ticket_id"])
    step("Zaevidováno. Hlášení je v evidenci a nemůže se ztratit.")
    seen = _wait(wire, "rozpoznání", lambda: _when(wire.ask(f"/tickets/{ticket}"), "number"))
    understood = f"Rozpoznáno: {seen['category']['name']}." if seen["decided"] else "Nerozpoznáno, rozhodne dispečer."
    step(f"{understood} Požadavek má číslo {seen['number']}.")
    seen = _wait(wire, "přidělení řešiteli", lambda: _when(wire.ask(f"/tickets/{ticket}"), "resolver"))
    step(f"Přiděleno řešiteli: {seen['resolver']['name']}.")
    mails_to = wire.mails_to
    if mails_to is None:
        tell(f"\nPotvrzení odchází přes váš poštovní server na {CITIZEN}.")
        return
    mail = _wait(wire, "potvrzení občanovi", lambda: _naming(mails_to(CITIZEN), str(seen["number"])))
    step("Potvrzení odesláno občanovi.")
    tell("\nCo občan dostal:\n")
    tell("\n".join(f"    | {line}" for line in mail.rstrip().splitlines()))


def _wait(wire: Wire, what: str, look: Callable[[], Found | None]) -> Found:
    deadline = time.monotonic() + wire.patience
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise StoryEnds(f"Na {what} čekáme už {wire.patience:.0f} s, to není v pořádku.")
        if wire.ended.wait(LOOK_SECONDS):
            raise StoryEnds("Zastaveno.")
    return found


def _when(ticket: dict[str, Any] | None, *filled: str) -> dict[str, Any] | None:
    """The ticket, once all these fields have a value."""
    return ticket if ticket and all(ticket.get(field) for field in filled) else None


def _naming(mails: list[str], number: str) -> str | None:
    return next((mail for mail in mails if number in mail), None)


def _wire(system: LocalSystem, ended: threading.Event) -> Wire:
    places, ports = system.places, system.ports
    token = places.staff_token.read_text().strip()
    began = time.time_ns()

    def hand_in() -> str:
        message = sample_report(datetime.now().astimezone())
        try:
            with smtplib.SMTP(HOST, ports.smtp_intake, timeout=60) as connection:
                connection.ehlo()
                connection.mail(CITIZEN)
                connection.rcpt(town().email)
                code, answer = connection.data(message.as_bytes(policy=SMTP))
        except (OSError, smtplib.SMTPException) as problem:
            raise StoryEnds(f"Město hlášení nepřijalo: {problem}") from problem
        named = REPORT_ID.search(answer.decode(errors="replace"))
        if code != ACCEPTED or named is None:
            raise StoryEnds(f"Město hlášení nepřijalo: {code} {answer.decode(errors='replace')}")
        return named.group()

    def ask(path: str) -> dict[str, Any] | None:
        connection = http.client.HTTPConnection(HOST, ports.tickets_api, timeout=10)
        try:
            connection.request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            if answer.status == http.client.NOT_FOUND:
                return None
            if answer.status != http.client.OK:
                raise StoryEnds(f"Rozhraní pro úředníky odpovědělo {answer.status}.")
            found: dict[str, Any] = json.loads(answer.read())
            return found
        finally:
            connection.close()

    def mails_to(address: str) -> list[str]:
        fresh = [path for path in sorted(places.mail.glob("[0-9]*.eml")) if int(path.name.split("-")[0]) >= began]
        mails = [read_mail(path) for path in fresh]
        return [f"{mail['subject']}\n\n{plain_text(mail)}" for mail in mails if address in str(mail["x-envelope-to"])]

    return Wire(hand_in, ask, mails_to if _mails_are_caught(system) else None, ended)


def _mails_are_caught(system: LocalSystem) -> bool:
    return "SMTP_RELAY" not in system.state("ready").elsewhere
