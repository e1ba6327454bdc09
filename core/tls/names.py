"""Which names and addresses clients may call this installation by. Standard library only."""

from __future__ import annotations

import fcntl
import ipaddress
import re
import socket
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

EVERYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104  compared with, never bound
ALWAYS = ("localhost", "127.0.0.1", "::1")
_HOST = re.compile(r"(?=.{1,253}$)(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9_-]{1,63}")
_SIOCGIFADDR = 0x8915


def certificate_names(environ: Mapping[str, str]) -> list[str]:
    """Return the host names and addresses the certificate has to cover, in order.

    From THINX_PUBLIC_URL, THINX_MQTT_URL, THINX_BIND, THINX_ALLOWED_HOSTS and THINX_TLS_NAMES, and
    from this machine: its name, and its addresses when the servers listen on all of them.
    """
    urls = (environ.get(name, "") for name in ("THINX_PUBLIC_URL", "THINX_MQTT_URL"))
    bind = environ.get("THINX_BIND") or "127.0.0.1"
    asked = [urlsplit(url).hostname or "" for url in urls]
    for name in ("THINX_TLS_NAMES", "THINX_ALLOWED_HOSTS"):
        asked += environ.get(name, "").split(",")
    asked += [*ALWAYS, socket.gethostname()]
    asked += machine_addresses() if bind in EVERYWHERE else [bind]
    return list(dict.fromkeys(name for text in asked if (name := normal_name(text))))


def normal_name(text: str) -> str:
    """Return a host name or address in its one form, or nothing when it is neither."""
    text = text.strip().strip("[]").lower().rstrip(".")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text if _HOST.fullmatch(text) else ""


def machine_addresses() -> list[str]:
    """Return the addresses of this machine's interfaces, link-local ones left out."""
    found = {*_ipv4(), *_ipv6()}
    return sorted(text for text in found if not ipaddress.ip_address(text).is_link_local)


def _ipv4() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            try:
                answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, request)
            except OSError:
                continue  # an interface without an IPv4 address
            yield socket.inet_ntoa(answer[20:24])


def _ipv6() -> Iterator[str]:
    try:
        rows = Path("/proc/net/if_inet6").read_text(encoding="ascii").splitlines()
    except OSError:
        return
    for row in rows:
        yield str(ipaddress.IPv6Address(bytes.fromhex(row.split()[0])))
