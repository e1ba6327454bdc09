"""Cookies of the TLS port when there is a plain one beside it.

Browsers do not tell ports apart: a Secure cookie of one keeps the other from setting its own, and
a plain one would be read, or planted, by whoever listens to the plain port. So what is set by TLS
gets a name that only TLS can set and sees, and the two ports never share a session.
"""

from __future__ import annotations

from collections.abc import Iterable

from thinx_console.edge.asgi import Application, Message, Receive, Scope, Send

PREFIX = b"__Host-"
HEADER, SET_HEADER = b"cookie", b"set-cookie"
# Written by static/js/theme.js, and worth nothing to anybody.
SHARED = (b"thinx_theme", b"thinx_sidebar")


def with_own_cookies(inner: Application) -> Application:
    """Return the application with cookies of its own for what came by TLS."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["scheme"] not in {"https", "wss"}:
            await inner(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if "headers" in message:
                message = {**message, "headers": list(_set(message["headers"]))}
            await send(message)

        await inner({**scope, "headers": list(_sent(scope["headers"]))}, receive, sending)

    return application


def _sent(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    for name, value in headers:
        if name == HEADER:
            pairs = (pair.strip() for pair in value.split(b";"))
            value = b"; ".join(own for pair in pairs if (own := _own(pair)))
        yield name, value


def _own(pair: bytes) -> bytes:
    if pair.startswith(PREFIX):
        return pair.removeprefix(PREFIX)
    return pair if pair.partition(b"=")[0] in SHARED else b""


def _set(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    for name, value in headers:
        if name.lower() == SET_HEADER:
            secure = b"" if b"; secure" in value.lower() else b"; Secure"
            yield name, PREFIX + value + secure
        else:
            yield name, value
