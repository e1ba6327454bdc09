"""Which machines this server may connect to on behalf of people: none of its own network.

One rule for git, webhooks, and whatever fetches an address that somebody typed: look the name up,
refuse it if any of its addresses is private, and connect to the address that was looked at.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NAT64 = ipaddress.ip_network("64:ff9b::/96")


def resolve_host(host: str, port: int) -> list[Address]:
    """Return the addresses of a host, IPv4 first; nothing when it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    addresses = {ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found}
    return sorted(addresses, key=lambda address: (address.version, int(address)))


def may_connect(address: Address, *, allow_loopback: bool, opened: Sequence[Network]) -> bool:
    """Tell whether an address is a public one, or in a network that the operator has opened.

    Loopback has a word of its own: no opened network lets it in.
    """
    inner = _inner_address(address)
    if inner.is_loopback:
        return allow_loopback
    if is_opened(inner, opened):
        return True
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def is_opened(address: Address, opened: Sequence[Network]) -> bool:
    """Tell whether one of the networks has this address."""
    inner = _inner_address(address)
    return any(inner.version == network.version and inner in network for network in opened)


def _inner_address(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one wraps, if it wraps one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    wrapped = address.ipv4_mapped or address.sixtofour
    if wrapped is None and address.teredo is not None:
        wrapped = address.teredo[1]
    return wrapped or address
