"""Addresses and whose they are."""

import pytest

from intake_email.recipients import AddressBook, Recipient

BOOK = AddressBook.read("podatelna@lipovany.test=lipovany, hlaseni@lipovany.test=lipovany,Mesto@Hora.Test=hora")


@pytest.mark.parametrize(
    ("address", "municipality", "tag"),
    [
        ("podatelna@lipovany.test", "lipovany", ""),
        ("PODATELNA@LIPOVANY.TEST", "lipovany", ""),
        ("podatelna+a1.rabc@lipovany.test", "lipovany", "a1.rabc"),
        ("podatelna+a+b@lipovany.test", "lipovany", "a+b"),
        ("hlaseni@lipovany.test", "lipovany", ""),
        ("mesto@hora.test", "hora", ""),
        ("postmaster@hora.test", "hora", ""),
        ("Postmaster@lipovany.test", "lipovany", ""),
        ("postmaster", "lipovany", ""),
    ],
)
def test_our_addresses_are_found(address: str, municipality: str, tag: str) -> None:
    found = BOOK.find(address)
    assert found is not None
    assert (found.municipality, found.tag) == (municipality, tag)


@pytest.mark.parametrize(
    "address",
    ["nikdo@lipovany.test", "podatelna@jinde.test", "podatelna", "", "@lipovany.test", "postmaster@jinde.test"],
)
def test_other_addresses_are_not_ours(address: str) -> None:
    assert BOOK.find(address) is None


def test_the_towns_domains_are_known() -> None:
    assert BOOK.domains == {"lipovany.test", "hora.test"}
    assert BOOK.find("hlaseni+x@lipovany.test") == Recipient("lipovany", "hlaseni@lipovany.test", "x")


@pytest.mark.parametrize(
    "text", ["", "podatelna@lipovany.test", "podatelna=lipovany", "a+b@c.test=lipovany", "a@c.test=Špatně", "@c.test=x"]
)
def test_a_wrong_table_is_refused_with_its_entry(text: str) -> None:
    with pytest.raises(ValueError, match=r"entry 1|no address"):
        AddressBook.read(text)
