"""Which address belongs to which municipality, and what stands after its `+`. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address that is ours. `tag` is the part after `+`, empty where there is none."""

    municipality: str
    town_address: str
    tag: str


@dataclass(frozen=True)
class AddressBook:
    """The towns' addresses, in lower case, each with its municipality."""

    municipalities: Mapping[str, str]

    @classmethod
    def read(cls, text: str) -> "AddressBook":
        """From `podatelna@lipovany.test=lipovany,hlaseni@lipovany.test=lipovany`. Raises ValueError, naming the entry."""
        entries: dict[str, str] = {}
        for number, entry in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
            address, _, municipality = (part.strip().lower() for part in entry.partition("="))
            local, at, domain = address.rpartition("@")
            if not (local and at and domain) or "+" in local or not _CODE.fullmatch(municipality):
                raise ValueError(f"entry {number} is not address=municipality (without + in the address)")
            entries[address] = municipality
        if not entries:
            raise ValueError("no address at all")
        return cls(entries)

    @property
    def domains(self) -> frozenset[str]:
        """Our mail domains: a Message-ID under one of them may be ours."""
        return frozenset(address.rpartition("@")[2] for address in self.municipalities)

    def find(self, address: str) -> Recipient | None:
        """Whose address it is; None where it is not ours.

        A town's postmaster is the town (RFC 5321 4.5.1 demands the address; without a domain it is the first town's).
        """
        local, _, domain = address.strip().lower().rpartition("@")
        town_local, _, tag = local.partition("+")
        town_address = f"{town_local}@{domain}"
        municipality = self.municipalities.get(town_address)
        if municipality is not None:
            return Recipient(municipality, town_address, tag)
        if (local or domain) == "postmaster":
            for known, code in self.municipalities.items():
                if not local or known.endswith(f"@{domain}"):
                    return Recipient(code, known, "")
        return None
