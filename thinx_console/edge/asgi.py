"""What the ASGI wrappers of this package share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# Frameworks annotate these three differently; what is called is the same.
Application = Callable[[Any, Any, Any], Awaitable[None]]

TLS_SCHEMES = {"http": "https", "websocket": "wss"}
PLAIN_SCHEMES = {"http": "http", "websocket": "ws"}


def scheme_of(kind: str, *, is_secure: bool) -> str:
    """Return the scheme of a request or a WebSocket."""
    return (TLS_SCHEMES if is_secure else PLAIN_SCHEMES)[kind]
