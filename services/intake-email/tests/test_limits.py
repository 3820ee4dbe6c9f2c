"""How much one peer may ask."""

import pytest

from intake_email.limits import Limits, read_networks


def _limits(**changed: object) -> Limits:
    return Limits(connections=3, connections_per_peer=2, messages_per_minute=6, **changed)  # type: ignore[arg-type]


def test_connections_are_bounded_per_peer_and_in_total() -> None:
    limits = _limits()
    assert [limits.enter("192.0.2.1") for _ in range(3)] == [None, None, "peer"]
    assert [limits.enter("192.0.2.2"), limits.enter("192.0.2.3")] == [None, "total"]
    limits.leave("192.0.2.1")
    assert limits.enter("192.0.2.1") is None


def test_one_sender_of_many_addresses_is_one_peer() -> None:
    limits = _limits()
    assert [limits.enter(f"2001:db8::{number}") for number in range(3)] == [None, None, "peer"]
    assert limits.enter("2001:db8:0:1::1") is None


def test_a_trusted_peer_is_bound_by_the_total_only() -> None:
    limits = _limits(trusted=read_networks("127.0.0.0/8, ::1/128"))
    assert [limits.enter("127.0.0.1") for _ in range(4)] == [None, None, None, "total"]
    assert all(limits.may_send("::ffff:127.0.0.1", 0.0) for _ in range(100))


def test_messages_are_bounded_and_the_allowance_grows_back() -> None:
    limits = _limits()
    assert [limits.may_send("192.0.2.1", 0.0) for _ in range(7)] == [True] * 6 + [False]
    assert limits.may_send("192.0.2.2", 0.0)
    assert limits.may_send("192.0.2.1", 10.0)
    assert not limits.may_send("192.0.2.1", 10.0)


def test_the_memory_of_peers_is_bounded() -> None:
    limits = _limits()
    for number in range(12_000):
        limits.may_send(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}", float(number))
    assert len(limits._allowance) <= 10_000


def test_a_peer_without_an_address_is_a_peer() -> None:
    limits = _limits()
    assert [limits.enter("") for _ in range(3)] == [None, None, "peer"]


def test_wrong_networks_are_refused() -> None:
    with pytest.raises(ValueError, match="network"):
        read_networks("lan")


def test_strangers_never_take_the_places_of_the_towns_own_relay() -> None:
    limits = Limits(10, 20, 6, read_networks("127.0.0.0/8"))
    assert [limits.enter(f"192.0.2.{number}") for number in range(9)] == [None] * 8 + ["total"]
    assert [limits.enter("127.0.0.1") for _ in range(3)] == [None, None, "total"]
    limits.leave("127.0.0.1")
    assert limits.enter("192.0.2.9") == "total"
    limits.leave("192.0.2.1")
    assert limits.enter("192.0.2.9") is None


def test_a_single_place_is_for_everybody() -> None:
    assert Limits(1, 1, 6, read_networks("127.0.0.0/8")).enter("192.0.2.1") is None
