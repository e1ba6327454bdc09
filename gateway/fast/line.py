"""Waiting for the ordinary way, which has room for a few calls at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import ThreadSensitiveContext

from core.connections import keep_connections
from core.grouping import Full
from gateway.fast.http import Send

# More only wait for each other: for the interpreter, and in SQLite for whoever writes.
AT_ONCE = 4
# As many as are served in about the time that the others are told to stay away.
LONGEST = 1_000


class Line:
    """Lets a few in at once, has some wait, and turns away who comes then, by Full.

    Thousands that have something for the services may come at once; `waiting` is how many wait.
    Who is let in is served by a thread that stays, with its database connection: a new one for
    each request, as Django makes them, takes longer than most of what devices ask.
    """

    def __init__(self, at_once: int = AT_ONCE, longest: int = LONGEST) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._longest = longest
        self._free = [_thread() for _ in range(at_once)]
        self.waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Be let in; raises Full."""
        thread = await self._enter()
        try:
            async with ThreadSensitiveContext(executor=thread):
                yield
        finally:
            self._leave(thread)

    @asynccontextmanager
    async def turn_until_begun(self, send: Send) -> AsyncIterator[Send]:
        """Be let in until an answer begins to leave by the `send` that this yields; raises Full."""
        thread = await self._enter()
        inside = [thread]

        async def begun(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start" and inside:
                self._leave(inside.pop())
            await send(message)

        try:
            async with ThreadSensitiveContext(executor=thread):
                yield begun
        finally:
            if inside:
                self._leave(inside.pop())

    async def _enter(self) -> ThreadPoolExecutor:
        if self.waiting >= self._longest:
            raise Full
        self.waiting += 1
        try:
            await self._room.acquire()
        finally:
            self.waiting -= 1
        return self._free.pop()

    def _leave(self, thread: ThreadPoolExecutor) -> None:
        self._free.append(thread)
        self._room.release()


def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "calls of devices", initializer=keep_connections)
