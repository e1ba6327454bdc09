"""What the applications before Django share: reading a body, passing it on, a short answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from gateway.endpoint import JSON, MAX_BODY

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
# Frameworks annotate these three differently; what is called is the same.
Application = Callable[[Any, Any, Any], Awaitable[None]]

RETRY_AFTER = b"5"


async def read_body(receive: Receive) -> tuple[bytes, bool]:
    """Return what came of the body, and whether that is all: what is too long stays unread."""
    taken = b""
    while len(taken) <= MAX_BODY:
        message = await receive()
        if message["type"] != "http.request":
            return taken, False
        taken += message.get("body", b"")
        if not message.get("more_body", False):
            return taken, True
    return taken, False


def again(taken: bytes, receive: Receive, *, is_whole: bool) -> Receive:
    """Return a `receive` that begins with what was taken of the body."""
    messages = [{"type": "http.request", "body": taken, "more_body": not is_whole}]

    async def receive_again() -> dict[str, Any]:
        return messages.pop() if messages else await receive()

    return receive_again


async def answer(
    send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes], kind: str = JSON
) -> None:
    """Send a whole answer."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", kind.encode()),
                (b"content-length", b"%d" % len(body)),
                (b"cache-control", b"no-store"),
                (b"x-content-type-options", b"nosniff"),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def come_again(send: Send) -> None:
    """Answer 503: nothing was done, and there is room in some seconds."""
    await answer(send, 503, b"", (b"retry-after", RETRY_AFTER))
