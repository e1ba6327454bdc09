"""Gathers calls and commits them together: at rest none waits, under load they share."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection
from django.utils import timezone

from core.connections import refresh_connections
from gateway.fast.calls import Call
from gateway.fast.statements import Stored, store

logger = logging.getLogger(__name__)

BATCH = 500
# More wait at once only when the database does not keep up; the rest is told to come back.
LONGEST_QUEUE = 5_000

Told = Callable[[Sequence[tuple[Call, Stored]], datetime], None]
Waiting = tuple[Call, "asyncio.Future[Stored | None]"]


class Full(Exception):
    """The queue is full; nothing of this call is stored."""


class GroupWriter:
    """One thread with one database connection, which stores what is waiting, a batch at a time.

    `submit` is called from the event loop and resolves after the commit: to what was stored, or
    to None when the call was not ordinary or the batch failed, and the services have to look.
    `told` hears of every batch, after its commit, in this thread.
    """

    def __init__(self, told: Told) -> None:
        self.told = told
        self._waiting: list[Waiting] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    async def submit(self, call: Call) -> Stored | None:
        """Return what was stored, after its commit; raises Full."""
        future: asyncio.Future[Stored | None] = asyncio.get_running_loop().create_future()
        with self._changed:
            if len(self._waiting) >= LONGEST_QUEUE:
                raise Full
            self._waiting.append((call, future))
            self._start()
            self._changed.notify()
        return await future

    def close(self) -> None:
        """Store what waits, then end the thread and its connection."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="check-ins", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                batch = self._take()
            if not batch:
                connection.close()
                return
            calls, now = [call for call, _ in batch], timezone.now()
            results = self._store(calls, now)
            for loop in {future.get_loop() for _, future in batch}:
                loop.call_soon_threadsafe(_resolve, loop, batch, results)
            self._tell(calls, results, now)

    def _take(self) -> list[Waiting]:
        """Take up to a batch of different devices; a device's second call waits for its turn."""
        batch: list[Waiting] = []
        later: list[Waiting] = []
        devices = set()
        for place, waiting in enumerate(self._waiting):
            if len(batch) == BATCH:
                later += self._waiting[place:]
                break
            (later if waiting[0].udid in devices else batch).append(waiting)
            devices.add(waiting[0].udid)
        self._waiting = later
        return batch

    def _store(self, calls: list[Call], now: datetime) -> dict[int, Stored]:
        try:
            refresh_connections()
            return store(calls, now)
        except DatabaseError:
            # Each goes its ordinary way, where one bad row spoils no other.
            logger.warning("a batch of %s check-ins was not stored", len(calls), exc_info=True)
            return {}

    def _tell(self, calls: list[Call], stored: dict[int, Stored], now: datetime) -> None:
        """Say what is committed; devices are answered already."""
        if not stored:
            return
        try:
            self.told([(calls[n], said) for n, said in stored.items()], now)
        except Exception:  # what follows a commit must not stop the commits
            logger.exception("what follows check-ins failed")


def _resolve(loop: Any, batch: list[Waiting], results: dict[int, Stored]) -> None:
    for place, (_, future) in enumerate(batch):
        if future.get_loop() is loop and not future.done():
            future.set_result(results.get(place))
