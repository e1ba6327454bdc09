"""Waiting for the ordinary way, which has room for a few calls at once."""

from __future__ import annotations

import asyncio

from core.grouping import Full

# Each has a thread and a database connection of its own while it is served.
AT_ONCE = 16
# As many as are served in about the time that the others are told to stay away.
LONGEST = 1_000


class Line:
    """Lets a few in at once, has some wait, and turns away who comes then, by Full.

    Thousands that have something for the services may come at once; `waiting` is how many wait.
    """

    def __init__(self, at_once: int = AT_ONCE, longest: int = LONGEST) -> None:
        self._room = asyncio.Semaphore(at_once)
        self._longest = longest
        self.waiting = 0

    async def __aenter__(self) -> None:
        if self.waiting >= self._longest:
            raise Full
        self.waiting += 1
        try:
            await self._room.acquire()
        finally:
            self.waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._room.release()
