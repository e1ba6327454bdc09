"""The ASGI application before Django: takes ordinary check-ins, passes on everything else."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from gateway.endpoint import JSON, MAX_BODY
from gateway.fast.calls import Call, read_call
from gateway.fast.line import Line
from gateway.fast.notices import Notices, told_by
from gateway.fast.senders import KnownSenders
from gateway.fast.statements import Stored
from gateway.fast.writer import Full, GroupWriter
from gateway.leaving import UNHEARD, Leaving
from gateway.protocol import answers

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
# Frameworks annotate these three differently; what is called is the same.
Application = Callable[[Any, Any, Any], Awaitable[None]]

PATH = "/device/register"
RETRY_AFTER = b"5"


class FastCheckIns:
    """Answers `POST /device/register` where it can; `inner` is the whole console.

    A key is looked at by the services the first time it comes from an address, which is what
    their record of addresses lives on.
    """

    def __init__(self, inner: Application) -> None:
        self.inner = inner
        self.senders = KnownSenders()
        self.line = Line()
        self.writer = GroupWriter(told_by(Notices()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self.inner(scope, receive, send)
            return
        taken, is_whole = await _body(receive)
        call = _call(scope, taken) if is_whole else None
        leaving = Leaving(receive)

        async def ordinarily() -> None:
            if is_whole:
                await self._ordinary_way(scope, taken, leaving, send, call)
            else:
                await self.inner(scope, _again(taken, receive, is_whole=False), send)

        try:
            if not is_whole:  # who sends slowly must not keep the others out
                await ordinarily()
            elif call is None:
                leaving.watch()
                async with self.line:
                    await ordinarily()
            else:
                await self._either_way(call, send, leaving, ordinarily)
        except Full:
            await _answer(send, 503, b"", (b"retry-after", RETRY_AFTER))
        finally:
            leaving.end()

    async def _either_way(
        self, call: Call, send: Send, leaving: Leaving, ordinarily: Callable[[], Awaitable[None]]
    ) -> None:
        """Answer fast where that is possible, else by the services. Raises Full.

        Of many that come from one new address with one key, the first ones go the ordinary way,
        and the others find their sender known when they are let in.
        """
        if not self.senders.is_known(call):
            leaving.watch()
            async with self.line:
                if not self.senders.is_known(call):
                    await ordinarily()
                    return
        stored = await self.writer.submit(call)
        if stored is not None:
            await _answer(send, 200, _said(call, stored))
            return
        leaving.watch()
        async with self.line:
            await ordinarily()

    async def _ordinary_way(
        self, scope: Scope, taken: bytes, leaving: Leaving, send: Send, call: Call | None
    ) -> None:
        """Let the services answer, with the body as it came; not one who left while in line."""
        if leaving.is_gone:
            await _answer(send, 503, b"", (b"retry-after", RETRY_AFTER))
            return

        async def watching(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                leaving.answered()
            if call is not None and b'{"registration":{"success":true' in message.get("body", b""):
                self.senders.add(call)
            await send(message)

        known = {**scope, UNHEARD: leaving.is_unheard}
        await self.inner(known, _again(taken, leaving.receive, is_whole=True), watching)


def _again(taken: bytes, receive: Receive, *, is_whole: bool) -> Receive:
    """Return a `receive` that begins with what was taken of the body."""
    messages = [{"type": "http.request", "body": taken, "more_body": not is_whole}]

    async def again() -> dict[str, Any]:
        return messages.pop() if messages else await receive()

    return again


async def _body(receive: Receive) -> tuple[bytes, bool]:
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


def _call(scope: Scope, body: bytes) -> Call | None:
    presented = [v for name, v in scope["headers"] if name == b"authentication"]
    if len(presented) != 1:
        return None
    address = (scope.get("client") or ("",))[0] or ""
    return read_call(presented[0].decode("latin-1"), body, address)


def _said(call: Call, stored: Stored) -> bytes:
    return answers.checked_in(
        owner=call.owner,
        alias=stored.alias,
        udid=call.udid,
        auto_update=stored.auto_update,
        mesh_ids=stored.mesh_ids,
        timestamp=int(time.time()),
    )


async def _answer(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", JSON.encode()),
                (b"content-length", b"%d" % len(body)),
                (b"cache-control", b"no-store"),
                (b"x-content-type-options", b"nosniff"),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


def with_fast_check_ins(inner: Application) -> Application:
    """Return the application with the fast way in front, unless a setting leaves it out."""
    return FastCheckIns(inner) if settings.FAST_CHECK_INS else inner
