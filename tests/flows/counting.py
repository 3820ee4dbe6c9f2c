"""After the storm: everything is counted from outside, and each thing that is not as promised becomes a sentence.

What is looked at: the 250s that senders got, the topics, the staff API, the mails at the relay, two of the operator's commands.
"""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import httpx
import orjson

from contracts.registry import NOTIFICATIONS, REPORTS, ROUTING, TICKET_EVENTS, TOPICS
from kit.messages import Message
from kit.partitions import groupless_client, partitions_of, read_partition

from .conftest import Town
from .operating import operator
from .wire import Caught, eventually

MOST_SHOWN = 5
PATIENCE_SECONDS = 60.0

Answer = TypeVar("Answer")


def acknowledgements(town: Town) -> dict[str, list[Caught]]:
    """By recipient, of the senders of the load."""
    found: dict[str, list[Caught]] = defaultdict(list)
    for mail in town.post.all():
        if mail.envelope_to.startswith("hlasatel-"):
            found[mail.envelope_to].append(mail)
    return found


def in_doubt(town: Town, ticket: str) -> int:
    """Deliveries of a case that its history calls in doubt."""
    history = town.staff.http.get(f"/tickets/{ticket}/history").json()["items"]
    return sum(
        event["type"] == "ticket.delivery_updated" and event["data"]["outcome"] == "in_doubt" for event in history
    )


def count_everything(town: Town, accepted: Mapping[str, Sequence[str]], *, most_repeats: int) -> dict[str, list[str]]:
    """What is not as promised, by promise; empty when all is well. `most_repeats` mails may have come twice."""
    tickets, findings = of_reports(town, accepted)
    wrong = {
        "P1": findings,
        "P2": of_mails(town, tickets, most_repeats=most_repeats),
        "P3": of_numbers(town, len(accepted)),
        "P4": of_dead_letters(town),
        "P5": of_topics(town, {report for ids in accepted.values() for report in ids}, set(tickets.values())),
    }
    for promise, command in (("P3", ("tickets", "verify")), ("P1", ("tickets", "ledger"))):
        done = operator(town.system, *command)
        if done.returncode != 0:
            wrong[promise].append(f"python -m {' '.join(command)}: {done.stdout.strip()} {done.stderr.strip()}")
    return {promise: findings for promise, findings in wrong.items() if findings}


def of_reports(town: Town, accepted: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], list[str]]:
    """Every accepted report has one outcome: the cases by sender, and what is wrong."""
    tickets: dict[str, str] = {}
    many = [sender for sender, ids in accepted.items() if len(set(ids)) != 1]
    lost = []
    for sender, ids in accepted.items():
        outcome = _answered(partial(town.staff.report, ids[0]))
        if outcome is None or outcome["outcome"] != "opened":
            lost.append(sender)
        else:
            tickets[sender] = outcome["ticket_id"]
    shared = [ticket for ticket, times in Counter(tickets.values()).items() if times > 1]
    return tickets, [
        *_told("senders whose repeats are other reports", many),
        *_told("accepted reports without a case", lost),
        *_told("cases that two reports opened", shared),
    ]


def of_numbers(town: Town, reports: int) -> list[str]:
    """As many cases as reports, their numbers without gaps and none given twice."""
    cases = []
    cursor: str | None = None
    while True:
        page = _answered(partial(_page, town, cursor))
        cases += page["items"]
        cursor = page.get("next")
        if cursor is None:
            break
    without = [case["id"] for case in cases if not case.get("number")]
    numbers = Counter(int(str(case["number"]).partition("-")[2]) for case in cases if case.get("number"))
    return [
        *([] if len(cases) == reports else [f"{len(cases)} cases of {reports} reports"]),
        *_told("cases without a number", without),
        *_told("numbers given twice", [number for number, times in numbers.items() if times > 1]),
        *_told("numbers left out", sorted(set(range(1, len(cases) + 1)) - numbers.keys())),
    ]


def _page(town: Town, cursor: str | None) -> dict[str, Any]:
    answer = town.staff.http.get("/tickets", params={"limit": "100", **({"cursor": cursor} if cursor else {})})
    answer.raise_for_status()
    return dict(answer.json())


def of_mails(town: Town, tickets: Mapping[str, str], *, most_repeats: int) -> list[str]:
    """Each sender has its acknowledgement; what came twice is the same mail, is called in doubt, and is not many."""
    mails = acknowledgements(town)
    different = [to for to, sent in mails.items() if len({str(mail.message["Message-ID"]) for mail in sent}) > 1]
    repeated = {to: len(sent) - 1 for to, sent in mails.items() if len(sent) > 1}
    # Who was not accepted may have been registered all the same: its senders were only not told.
    quiet = [to for to in repeated if to in tickets and not _comes_true(lambda to=to: in_doubt(town, tickets[to]))]
    total = sum(repeated.values())
    return [
        *_told("senders without an acknowledgement", sorted(tickets.keys() - mails.keys())),
        *_told("senders who got two different acknowledgements", different),
        *_told("mails that came again and are not called in doubt", quiet),
        *([f"{total} mails came again, more than {most_repeats}"] if total > most_repeats else []),
    ]


def _answered(question: Callable[[], Answer]) -> Answer:
    """The API may be away for a moment still; what is counted is what it keeps."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return question()
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            threading.Event().wait(0.5)


def _comes_true(look: Any) -> bool:
    try:
        return bool(eventually(look, "it comes true", 15))
    except AssertionError:
        return False


def of_dead_letters(town: Town) -> list[str]:
    """Valid reports leave nothing among the dead letters."""
    boxes = [topic.dead_letters(reader) for topic in TOPICS for reader in topic.readers]
    return [f"{box}: {count} records" for box in boxes if (count := len(records_of(town, box)))]


def of_topics(town: Town, reports: set[str], tickets: set[str]) -> list[str]:
    """What stands in the log: every report, every event of each case in order, every routing, every outcome of a delivery."""
    published = {str(orjson.loads(record.value or b"{}").get("subject")) for record in records_of(town, REPORTS.name)}
    sequences: dict[str, list[int]] = defaultdict(list)
    ids: dict[tuple[str, int], set[str]] = defaultdict(set)
    for record in records_of(town, TICKET_EVENTS.name):
        event = orjson.loads(record.value or b"{}")
        ticket, sequence = str(event["subject"]), int(event["sequence"])
        if sequence not in sequences[ticket]:
            sequences[ticket].append(sequence)
        ids[ticket, sequence].add(str(event["id"]))
    routed = {(record.key or b"").decode() for record in records_of(town, ROUTING.name)}
    told = {(record.key or b"").decode() for record in records_of(town, NOTIFICATIONS.name)}
    disordered = [ticket for ticket, seen in sequences.items() if seen != list(range(1, len(seen) + 1))]
    return [
        *_told("accepted reports that are not in the log", sorted(reports - published)),
        *_told("cases that are not in the log", sorted(tickets - sequences.keys())),
        *_told("cases whose events are not in the log in order", disordered),
        *_told("places in a history that two events took", [str(place) for place, one in ids.items() if len(one) > 1]),
        *_told("cases without a routing", sorted(tickets - routed)),
        *_told("cases without an outcome of a delivery", sorted(tickets - told)),
    ]


def records_of(town: Town, topic: str) -> list[Message]:
    """All that lies in a topic, by partition in its order."""
    client = groupless_client(town.system.environment["KAFKA_BOOTSTRAP"])
    try:
        return [
            record
            for partition in partitions_of(client, topic)
            for record in read_partition(client, topic, partition, within=60)
        ]
    finally:
        client.close()


def _told(what: str, found: Sequence[object]) -> list[str]:
    if not found:
        return []
    shown = ", ".join(str(one) for one in found[:MOST_SHOWN])
    return [f"{len(found)} {what}: {shown}{' …' if len(found) > MOST_SHOWN else ''}"]
