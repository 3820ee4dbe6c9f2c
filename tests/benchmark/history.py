"""A town's history of many tickets, made from those that are there: what is measured with a few says nothing of years.

Written into the database directly, because by the front door a million tickets take hours. Ids, numbers, days and words differ
from copy to copy; words are as unequally common as in a language.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database

Document = dict[str, Any]

YEARS = 10
VOCABULARY = 30_000
WORDS_OF_A_TICKET = 12
_AT_ONCE = 2_000
_TIMES = ("opened_at", "received_at", "updated_at", "due_at", "route_by", "solved_at", "closed_at")


def grow(uri: str, database: str, wanted: int) -> int:
    """Makes copies until there are `wanted` tickets; returns how many there are."""
    client: MongoClient[Document] = MongoClient(uri, uuidRepresentation="standard", tz_aware=True)
    with client:
        # Nobody waits for each piece to be safe: a benchmark that dies begins anew.
        town = client.get_database(database, write_concern=WriteConcern(w=1, j=False))
        samples = _samples(town)
        there = town.tickets.estimated_document_count()
        missing, numbers = wanted - there, itertools.count(there)
        chance = random.Random(there)
        with _without_indexes(town.tickets, town.events):
            while missing > 0:
                count = min(missing, _AT_ONCE)
                copies = [_copy(chance.choice(samples), next(numbers), chance) for _ in range(count)]
                town.tickets.insert_many([ticket for ticket, _ in copies], ordered=False)
                town.events.insert_many([event for _, events in copies for event in events], ordered=False)
                missing -= count
        return town.tickets.estimated_document_count()


@contextmanager
def _without_indexes(*collections: Collection[Document]) -> Iterator[None]:
    """Entry by entry they would take most of an hour for a million; made afterwards they take minutes."""
    kept = {one.name: [dict(index) for index in one.list_indexes() if index["name"] != "_id_"] for one in collections}
    for one in collections:
        one.drop_indexes()
    yield
    for one in collections:
        if kept[one.name]:
            one.database.command({"createIndexes": one.name, "indexes": kept[one.name]})


def _samples(town: Database[Document]) -> list[tuple[Document, list[Document]]]:
    tickets = list(town.tickets.find({"number": {"$exists": True}}).sort("opened_at").limit(300))
    return [(ticket, list(town.events.find({"ticket_id": ticket["_id"]}))) for ticket in tickets]


def _copy(
    sample: tuple[Document, Sequence[Document]], number: int, chance: random.Random
) -> tuple[Document, list[Document]]:
    ticket, events = sample
    back = timedelta(seconds=chance.randrange(YEARS * 365 * 24 * 3600))
    identity = UUID(int=chance.getrandbits(128), version=4)
    year = (ticket["opened_at"] - back).year
    copied = {
        **ticket,
        **{name: ticket[name] - back for name in _TIMES if name in ticket},
        "_id": identity,
        "number": f"{year}-{number:08d}",
        "words": [*ticket["words"], *_words(chance)],
    }
    return copied, [
        {
            **event,
            "_id": UUID(int=chance.getrandbits(128), version=4),
            "ticket_id": identity,
            "at": event["at"] - back,
            "published": True,
        }
        for event in events
    ]


def _words(chance: random.Random) -> Iterator[str]:
    for _ in range(WORDS_OF_A_TICKET):
        # The n-th most common word of a language is about 1/n as common as the first (Zipf).
        yield f"slovo{int(VOCABULARY ** chance.random())}"
