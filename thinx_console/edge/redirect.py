"""Sends browsers of other machines from the plain port to the one with TLS, when that is public."""

from __future__ import annotations

import ipaddress
from urllib.parse import quote

from thinx_console.edge.asgi import Application, Receive, Scope, Send
from thinx_console.edge.mqtt import PATHS

# Devices and monitors do not follow, and the CA is fetched before TLS can be.
STAY = ("/device/", "/health/", "/api/", "/ca.", *PATHS)


def to_public_url(inner: Application, public_url: str) -> Application:
    """Return the application for pages by TLS only; this machine itself may use the plain port.

    Cookies are Secure then: over plain HTTP a password would be sent, and nobody signed in.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_for_browsers(scope):
            await inner(scope, receive, send)
            return
        query = b"?" + scope["query_string"] if scope.get("query_string") else b""
        place = public_url.encode() + quote(scope["path"]).encode() + query
        headers = [(b"location", place), (b"content-length", b"0"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    return application


def _is_for_browsers(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["scheme"] == "http"
        and scope["method"] in {"GET", "HEAD"}
        and not scope["path"].startswith(STAY)
        and b"text/html" in dict(scope["headers"]).get(b"accept", b"")
        and not _is_this_machine((scope.get("client") or [""])[0])
    )


def _is_this_machine(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
