"""Sends live notices from the web server's event loop; whoever has one to tell does not wait.

A thread that waits for the loop has to get the interpreter back from a hundred others twice, which
takes longer than its request. Elsewhere (workers, commands) `core.jobs` sends by itself.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterable
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

Notice = tuple[str, dict[str, Any]]
CHANGED = "object.changed"
# More wait only when nobody takes them; pages fetch what is there when they are connected again.
MOST_WAITING = 20_000


class Teller:
    """Notices that wait for a loop, in order. That an object changed waits once for each group."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._waiting: list[Notice] = []
        self._changes: set[tuple[str, ...]] = set()
        self._sending: asyncio.Task[None] | None = None

    def use_this_loop(self) -> None:
        """Send from the loop that runs here, from now on."""
        here = asyncio.get_running_loop()
        if self._loop is not here:
            self._loop, self._sending = here, None

    def tell(self, told: Iterable[Notice]) -> bool:
        """Have the loop send these soon; False, and nothing is done, where none runs."""
        loop = self._loop
        if loop is None or not loop.is_running():
            return False
        with self._lock:
            self._waiting.extend(notice for notice in told if self._is_new(notice))
            del self._waiting[MOST_WAITING:]
        loop.call_soon_threadsafe(self._start)
        return True

    def _is_new(self, notice: Notice) -> bool:
        group, message = notice
        if message.get("type") != CHANGED:
            return True
        change = (group, message.get("model", ""), message.get("uid", ""))
        is_new = change not in self._changes
        self._changes.add(change)
        return is_new

    def _start(self) -> None:
        if self._sending is None or self._sending.done():
            self._sending = asyncio.ensure_future(self._send())

    async def _send(self) -> None:
        layer = get_channel_layer()
        while told := self._taken():
            try:
                for group, message in told:
                    await layer.group_send(group, message)
            except (RedisError, OSError) as error:
                logger.warning("channel layer away, %s notices not told: %s", len(told), error)

    def _taken(self) -> list[Notice]:
        with self._lock:
            told, self._waiting, self._changes = self._waiting, [], set()
            return told


teller = Teller()
