"""E-mail addresses: which may be written to, which are ours, which belong to machines."""

import re

from contracts.identity import pseudonym

_USABLE = re.compile(
    r"^[^\s\x00-\x1f\x7f<>()\[\]\\,;:\"@]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_](?:[\w-]{0,61}[^\W_])?$"
)
_MACHINE = re.compile(
    r"^(mail(er)?-?daemon|mdaemon|postmaster|no-?reply|do-?not-?reply|nobody|listserv|majordomo|"
    r"noreply[-+_.].*|no-reply[-+_.].*|bounces?[-+_=].*|owner-.*|.*-(owner|request|bounces?))$"
)
"""Local parts that RFC 3834 section 2 and the habits of mailing lists give to machines."""


def usable(address: str | None) -> bool:
    """Whether it is one plain address; quoted local parts and address literals are not served."""
    if address is None or len(address) > 254 or not _USABLE.match(address):
        return False
    local, _, domain = address.rpartition("@")
    dots_misplaced = local.startswith(".") or local.endswith(".") or ".." in local
    return not dots_misplaced and domain_in_ascii(domain) is not None


def domain_in_ascii(domain: str) -> str | None:
    """The domain as it travels (`město.cz` as `xn--msto-…`), None where it cannot."""
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None


def in_transport_form(address: str) -> str:
    """A usable address with its domain in ASCII; the local part may still need SMTPUTF8."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain_in_ascii(domain)}"


_EVERY_TOWN = ""
"""A slow domain is slow, and a loop a loop, whichever towns write there."""


def lane_of(key: bytes, address: str | None) -> str:
    """Pseudonym of the address's domain; even a domain may name a person."""
    return pseudonym(key, _EVERY_TOWN, "domain", (address or "").rpartition("@")[2])


def mailbox_of(key: bytes, address: str | None) -> str | None:
    """Pseudonym of the mailbox: of the address without what stands after `+`. Keyed, because addresses are easily guessed."""
    if not address:
        return None
    local, _, domain = address.rpartition("@")
    return pseudonym(key, _EVERY_TOWN, "mailbox", f"{local.partition('+')[0]}@{domain}")


def is_own(address: str, town_address: str) -> bool:
    """Whether it is the town's intake address, also with a token after `+`: writing there would be writing to ourselves."""
    local, _, domain = address.casefold().rpartition("@")
    town_local, _, town_domain = town_address.casefold().rpartition("@")
    return domain == town_domain and local.partition("+")[0] == town_local


def is_machine(address: str) -> bool:
    """Whether nobody reads what comes there: it gets no automatic mail (P9)."""
    return _MACHINE.match(address.casefold().rpartition("@")[0]) is not None
