"""Whom a reverse proxy speaks for: X-Forwarded-For and -Proto count from trusted proxies only."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from thinx_console.edge.asgi import Application, Receive, Scope, Send, scheme_of

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Environ = dict[str, Any]


class TrustedProxies:
    """The addresses and networks of THINX_TRUSTED_PROXIES, and what they say about a client."""

    def __init__(self, networks: Iterable[str]) -> None:
        try:
            self.networks = [ipaddress.ip_network(text, strict=False) for text in networks]
        except ValueError as error:
            raise ImproperlyConfigured(f"THINX_TRUSTED_PROXIES: {error}.") from error

    def trusts(self, peer: str) -> bool:
        """Tell whether an address is that of a trusted proxy."""
        if not self.networks:
            return False
        found = _ip(peer)
        return found is not None and any(found in network for network in self.networks)

    def client(self, peer: str, forwarded: str) -> str:
        """Return the nearest address that is no trusted proxy; what a client wrote is behind it."""
        for hop in _hops(forwarded):
            if not self.trusts(peer):
                break
            peer = hop
        return peer

    def asgi(self, inner: Application) -> Application:
        """Return the application that sees clients and schemes as the trusted proxies do."""

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            client = scope.get("client")
            if client and self.trusts(client[0]):
                said = {name: _header(scope, name) for name in ("for", "proto")}
                seen = self.client(client[0], said["for"])
                scope = {**scope, "client": [seen, client[1] if seen == client[0] else 0]}
                if said["proto"]:
                    secure = said["proto"].strip().lower() == "https"
                    scope["scheme"] = scheme_of(scope["type"], is_secure=secure)
            await inner(scope, receive, send)

        return application

    def wsgi(self, inner: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """Do the same for WSGI."""

        def application(environ: Environ, start_response: Any) -> Iterable[bytes]:
            peer = environ.get("REMOTE_ADDR", "")
            if self.trusts(peer):
                environ["REMOTE_ADDR"] = self.client(peer, environ.get("HTTP_X_FORWARDED_FOR", ""))
                proto = environ.get("HTTP_X_FORWARDED_PROTO", "").strip().lower()
                if proto in {"http", "https"}:
                    environ["wsgi.url_scheme"] = proto
            return inner(environ, start_response)

        return application


def _hops(forwarded: str) -> Iterator[str]:
    """Yield the addresses of X-Forwarded-For, the nearest first, up to what is none."""
    for part in reversed(forwarded.split(",")):
        found = _ip(part.strip())
        if found is None:
            return
        yield str(found)


@lru_cache(maxsize=1024)
def _ip(text: str) -> IpAddress | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _header(scope: Scope, name: str) -> str:
    wanted = b"x-forwarded-" + name.encode()
    return ",".join(value.decode("latin-1") for key, value in scope["headers"] if key == wanted)
