"""Seeded damage to the mails of `mails/`: `python -m tests.mutations FIRST COUNT` in this service's folder tries a range of seeds.

Each mail is taken in as the service does it, within a bound of memory that the system enforces, and its cost is measured. Prints
what failed, one line a seed, so that `python -m tests.mutations SEED 1` shows it again.
"""

import asyncio
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from contracts.envelope import parse_event
from contracts.registry import EVENTS
from intake_email.handlers import Accepted, Intake, Mail
from kit.messages import Record
from kit.object_store import MemoryObjectStore

from .builders import DOMAINS, KEYS, RECEIVED_AT
from .golden_mails import BOOK, golden_mails
from .reading import ENVELOPES, check

MOST_SECONDS = 0.5
MOST_MEMORY = 192 * 1024 * 1024
"""Beyond what the process holds before the first mail."""
_LARGEST = 200_000
_WORDS = (
    b"\r\n", b"\n", b"\r", b"\0", b"\r\n\r\n", b"--", b"=", b"=?utf-8?Q?", b"?=", b"<", b">", b'"', b"(", b";", b":", b"\xff", b"\xe2\x80\xae",
    b"Content-Type: multipart/mixed; boundary=x\r\n", b"Content-Type: message/rfc822\r\n", b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n", b"charset=utf-16", b"charset=utf-7", b"<!--", b"<div style='display:none'>",
    b"\r\nFrom: x@example.test\r\n", b"\r\nDne 1. 1. 2026 napsal(a):\r\n> ", b"&#55357;", b"\x1b$B", b"Exif\0\0", b"\x30\x80",
)  # fmt: skip


def mutated(seed: int, raws: list[bytes]) -> bytes:
    """One of the mails, damaged in one to eight places."""
    random = Random(seed)
    raw = bytearray(random.choice(raws))
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        _damage(raw, random, raws)
        del raw[_LARGEST:]
    return bytes(raw)


def _damage(raw: bytearray, random: Random, raws: list[bytes]) -> None:
    at = random.randrange(len(raw) + 1)
    end = min(len(raw), at + random.choice((1, 2, 10, 100, 1_000)))
    kind = random.randrange(9)
    if kind == 0:
        raw[at:end] = random.randbytes(end - at)
    elif kind == 1:
        del raw[at:end]
    elif kind == 2:
        raw[at:at] = raw[at:end] * random.choice((1, 2, 50))
    elif kind == 3:
        raw[at:at] = random.choice(_WORDS) * random.choice((1, 1, 3, 200))
    elif kind == 4:
        del raw[at:]
    elif kind == 5:
        other = random.choice(raws)
        raw[at:] = other[random.randrange(len(other) + 1) :]
    elif kind == 6:
        _shuffled(raw, random)
    elif kind == 7:
        raw[at:end] = bytes(octet ^ (1 << random.randrange(8)) for octet in raw[at:end])
    else:
        raw[at:end] = raw[at:end].swapcase()


def _shuffled(raw: bytearray, random: Random) -> None:
    lines = bytes(raw).split(b"\r\n")
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    raw[:] = b"\r\n".join(lines)


class _House:
    """An intake with a store and a broker that remember one mail."""

    def __init__(self) -> None:
        self.store = MemoryObjectStore()
        self.records: list[Record] = []
        self.intake = Intake(self.store, self, KEYS, DOMAINS, threads=1)

    async def publish(self, record: Record) -> None:
        self.records.append(record)

    async def takes_in(self, seed: int, raw: bytes) -> None:
        """As the service does it. Raises where a mail is lost, not understood at all, or breaks a promise."""
        self.store.objects.clear()
        self.records.clear()
        sender, recipient = ENVELOPES[seed % 2]
        found = BOOK.find(recipient)
        assert found is not None
        answer = await self.intake.take(Mail(raw, sender or "", ((recipient, found),), RECEIVED_AT))
        assert isinstance(answer, Accepted), answer
        [record] = self.records
        event = parse_event(record.value or b"", EVENTS)
        assert self.store.objects[event.data.original.key] == raw, "the original is not kept"
        assert "unparsable" not in event.data.defects, "unparsable"
        assert all(part.key in self.store.objects for part in getattr(event.data, "parts", ()))
        check(event)


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a range of seeds: failures by seed, and the dearest mail's CPU seconds."""

    failures: dict[int, str]
    dearest: float


async def tried(first: int, count: int, most_seconds: float = MOST_SECONDS) -> Tried:
    """Takes a range of seeds in."""
    raws = [mail.raw for mail in golden_mails(made=False)]
    house, failures, dearest = _House(), dict[int, str](), 0.0
    for seed in range(first, first + count):
        raw = mutated(seed, raws)
        began = time.process_time()
        try:
            await house.takes_in(seed, raw)
        except Exception as error:
            failures[seed] = f"{type(error).__name__}: {str(error)[:200]}"
        spent = time.process_time() - began
        dearest = max(dearest, spent)
        if spent > most_seconds:
            failures[seed] = f"took {spent:.2f} s"
    return Tried(failures, dearest)


def bound_memory() -> None:
    """From here on the process gets no more than `MOST_MEMORY` beyond what it holds."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MOST_MEMORY, held + MOST_MEMORY))


def main() -> int:
    first, count = int(sys.argv[1]), int(sys.argv[2])
    bound_memory()
    result = asyncio.run(tried(first, count))
    for seed, fault in result.failures.items():
        print(seed, fault)
    print(f"{count} mails, the dearest took {result.dearest:.3f} s", file=sys.stderr)
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
