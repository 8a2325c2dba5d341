"""Addresses and networks that a setting names, and whether somebody who asks comes from them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from dougong_platform.addresses import IpNetwork


def networks(text: str) -> tuple[IpNetwork, ...]:
    """The entries, separated by commas: `10.2.0.9`, `10.2.0.0/16`, `fd00::/8`. Raises ValueError with one that is wrong."""
    return tuple(_network(part.strip()) for part in text.split(",") if part.strip())


def hold(known: Iterable[IpNetwork], address: str | None) -> bool:
    """Whether an address lies in one of them. What is no address (none, a socket's path) lies in none.

    An IPv4 address that IPv6 carries inside (`::ffff:10.2.0.9`) counts as itself.
    """
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    plain = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return any((plain or found) in network for network in known)


def _network(entry: str) -> IpNetwork:
    try:
        return ipaddress.ip_network(entry)
    except ValueError:
        raise ValueError(entry) from None
