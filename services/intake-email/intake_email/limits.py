"""How much one peer, and all together, may ask of the listener. Pure: the clock is an argument."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_REMEMBERED_PEERS = 10_000
_RESERVED_PART = 5


def read_networks(text: str) -> tuple[Network, ...]:
    """From `127.0.0.0/8,::1/128`. Raises ValueError."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


@dataclass
class Limits:
    """Counts open connections and recent messages. `trusted` peers, the town's own relays, are bound by the total only.

    A fifth of the total is theirs alone: however many strangers come, the town's own mail gets in.
    """

    connections: int
    connections_per_peer: int
    messages_per_minute: int
    trusted: Sequence[Network] = ()
    open_connections: int = 0
    _open_strangers: int = 0
    _open_by_peer: dict[str, int] = field(default_factory=dict)
    _allowance: dict[str, tuple[float, float]] = field(default_factory=dict)

    def enter(self, peer: str) -> str | None:
        """Takes a place for a connection; the reason where there is none (`total`, `peer`)."""
        if self.open_connections >= self.connections:
            return "total"
        if not self._is_trusted(peer):
            if self._open_strangers >= self.connections - self._reserved:
                return "total"
            if self._open_by_peer.get(_group(peer), 0) >= self.connections_per_peer:
                return "peer"
            self._open_strangers += 1
        self.open_connections += 1
        self._open_by_peer[_group(peer)] = self._open_by_peer.get(_group(peer), 0) + 1
        return None

    def leave(self, peer: str) -> None:
        """Gives the place back."""
        self.open_connections -= 1
        if not self._is_trusted(peer):
            self._open_strangers -= 1
        left = self._open_by_peer.get(_group(peer), 0) - 1
        if left > 0:
            self._open_by_peer[_group(peer)] = left
        else:
            self._open_by_peer.pop(_group(peer), None)

    def may_send(self, peer: str, now: float) -> bool:
        """Whether the peer may begin another message; `now` in seconds of any steady clock. Counts it."""
        if self._is_trusted(peer):
            return True
        group = _group(peer)
        allowance, since = self._allowance.pop(group, (float(self.messages_per_minute), now))
        allowance = min(float(self.messages_per_minute), allowance + (now - since) * self.messages_per_minute / 60)
        allowed = allowance >= 1
        self._allowance[group] = (allowance - 1 if allowed else allowance, now)
        if len(self._allowance) > _REMEMBERED_PEERS:
            # Dictionaries keep their order: the first is the one that was quiet for longest.
            del self._allowance[next(iter(self._allowance))]
        return allowed

    @property
    def _reserved(self) -> int:
        # Rounded up, but a single place is for everybody.
        return min(-(-self.connections // _RESERVED_PART), self.connections - 1) if self.trusted else 0

    def _is_trusted(self, peer: str) -> bool:
        address = _address(peer)
        return address is not None and any(address in network for network in self.trusted)


def _address(peer: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _group(peer: str) -> str:
    """One sender of IPv6 has a whole /64 to choose addresses from."""
    address = _address(peer)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address or peer)
