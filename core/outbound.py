"""HTTP to addresses that people typed: only outwards, to the machine that was looked at."""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from core.delivery import DeliveryError
from core.exceptions import DomainError
from core.networks import Address, Network, is_opened, may_connect, resolve_host

MAX_LENGTH = 1000
READ = 16_384
PORTS = {"https": 443, "http": 80}
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
HOST = re.compile(rf"(?:{LABEL}(?:\.{LABEL})*\.?|[0-9A-Fa-f:.]+)\Z")
# It may work later: timeouts, too many requests, and whatever ails the server.
PASSING = {408, 425, 429}


@dataclass(frozen=True)
class Answer:
    """What the other side said."""

    status: int
    text: str

    @property
    def is_good(self) -> bool:
        """Tell whether the status is of the 2xx kind."""
        return 200 <= self.status < 300

    @property
    def may_pass(self) -> bool:
        """Tell whether the same request may succeed later."""
        return self.status in PASSING or self.status >= 500


@dataclass(frozen=True)
class Place:
    """A checked address, and the machine that it leads to now."""

    parts: SplitResult
    port: int
    address: Address


def check_url(url: str) -> SplitResult:
    """Return the parts of an https:// address; raises DomainError `outbound.url_*`.

    http:// is for networks that the operator has opened: `locate` looks at that.
    """
    bad = "Give the address as https://host/path."
    if not url or len(url) > MAX_LENGTH or not url.isascii() or not url.isprintable():
        raise DomainError("outbound.url_invalid", bad)
    if any(letter.isspace() or letter == "\\" for letter in url):
        raise DomainError("outbound.url_invalid", bad)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise DomainError("outbound.url_invalid", bad) from None
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        raise DomainError("outbound.url_invalid", bad)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise DomainError(
            "outbound.url_invalid", "Take user name, password and # out of the address."
        )
    if not HOST.match(parts.hostname) or len(parts.hostname) > 253:
        raise DomainError("outbound.url_invalid", "The host name in the address is not valid.")
    return parts


def locate(url: str) -> Place | None:
    """Look the host up now; None when it has no address.

    Raises DomainError `outbound.url_private` for a machine inside, `outbound.url_insecure` for
    http:// to one outside.
    """
    parts = check_url(url)
    port = parts.port or PORTS[parts.scheme]
    opened: list[Network] = [ipaddress.ip_network(name) for name in settings.WEBHOOK_NETWORKS]
    addresses = resolve_host(parts.hostname or "", port)
    for address in addresses:
        named = is_opened(address, opened)
        if not may_connect(address, allow_loopback=named, opened=opened):
            raise DomainError(
                "outbound.url_private",
                f"{parts.hostname} leads to a private address, and this console calls nothing "
                "inside its own network unless its operator opens it.",
            )
        if parts.scheme == "http" and not named:
            raise DomainError("outbound.url_insecure", "Use https:// outside your own network.")
    return Place(parts, port, addresses[0]) if addresses else None


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send one request; a redirect is an answer and not followed, for it would lead elsewhere.

    Raises DeliveryError without address, headers or body when there is no answer in
    WEBHOOK_TIMEOUT seconds, and DomainError as `locate` does.
    """
    place = locate(url)
    if place is None:
        raise DeliveryError("the host has no address", permanent=False)
    connection = _Pinned(place, settings.WEBHOOK_TIMEOUT)
    # A server that sends a byte now and then would hold a worker for ever.
    timer = threading.Timer(2 * settings.WEBHOOK_TIMEOUT, connection.cut)
    timer.daemon = True
    timer.start()
    target = place.parts.path or "/"
    if place.parts.query:
        target = f"{target}?{place.parts.query}"
    try:
        connection.request("POST", target, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        return Answer(response.status, response.read(READ).decode("utf-8", "replace"))
    except (OSError, HTTPException, ValueError) as error:
        raise DeliveryError(f"no answer: {type(error).__name__}", permanent=False) from None
    finally:
        timer.cancel()
        connection.close()


class _Pinned(HTTPConnection):
    """A connection to the address that was looked at, whatever its name leads to by now."""

    def __init__(self, place: Place, timeout: float) -> None:
        super().__init__(place.parts.hostname or "", place.port, timeout=timeout)
        self.place = place
        if place.port == PORTS[place.parts.scheme]:
            self.default_port = place.port  # so that the Host header has none

    def connect(self) -> None:
        """Connect there; over TLS the certificate must be that of the name."""
        found = socket.create_connection((f"{self.place.address}", self.port), self.timeout)
        if self.place.parts.scheme == "https":
            context = ssl.create_default_context(cafile=settings.WEBHOOK_CA_FILE or None)
            found = context.wrap_socket(found, server_hostname=self.host)
        self.sock = found

    def cut(self) -> None:
        """End it from another thread."""
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)
