"""Many calls of an event loop, worked on together: at rest none waits, under load they share."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.db import InterfaceError, OperationalError, connections

from core.connections import refresh_connections

logger = logging.getLogger(__name__)

Asked = TypeVar("Asked")
Said = TypeVar("Said")
# SQLite takes no more values in one statement than twice as many.
MOST_AT_ONCE = 500
# More wait at once only when the database does not keep up; the rest is told to come back.
LONGEST_QUEUE = 5_000

# A waiting call, and where its answer goes.
Waiting = tuple[Asked, "asyncio.Future[Said]"]


class Full(Exception):
    """The queue is full, or closed; nothing is done of this call."""


class Grouped(Generic[Asked, Said]):
    """One thread with one database connection, which works on what is waiting, a batch at a time.

    `work` returns an answer for each, in order. When it raises, each is worked on alone, so that
    one bad call spoils no other, and what is raised then is raised to who asked; without a
    database, nobody is tried again.
    """

    def __init__(self, work: Callable[[list[Asked]], Sequence[Said]], *, name: str) -> None:
        self.work = work
        self._name = name
        self._waiting: list[Waiting[Asked, Said]] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_idle = True
        self._closing = False

    async def submit(self, asked: Asked) -> Said:
        """Return the answer, when its batch is done; raises Full."""
        future: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
        with self._changed:
            if self._closing or len(self._waiting) >= LONGEST_QUEUE:
                raise Full
            self._waiting.append((asked, future))
            if self._is_idle:
                self._is_idle = False
                self._start()
                self._changed.notify()
        return await future

    def close(self) -> None:
        """Work on what waits, then end the thread and its connections."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def take(self, waiting: list[Waiting[Asked, Said]]) -> list[Waiting[Asked, Said]]:
        """Take a batch off those that wait."""
        batch = waiting[:MOST_AT_ONCE]
        del waiting[:MOST_AT_ONCE]
        return batch

    def follow(self, asked: list[Asked], said: Sequence[Said | BaseException]) -> None:
        """Do what comes after the answers, in this thread; here, nothing."""

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._is_idle = True
                    self._changed.wait()
                batch = self.take(self._waiting)
            if not batch:
                connections.close_all()
                return
            asked = [one for one, _ in batch]
            said = self._worked(asked)
            for loop in {future.get_loop() for _, future in batch}:
                loop.call_soon_threadsafe(_resolve, loop, batch, said)
            self.follow(asked, said)

    def _worked(self, asked: list[Asked]) -> Sequence[Said | BaseException]:
        try:
            refresh_connections()
            return self.work(asked)
        except (OperationalError, InterfaceError) as error:
            logger.warning("%s of %s were not worked on", len(asked), self._name, exc_info=True)
            return [error] * len(asked)
        except Exception as error:
            logger.exception("a batch of %s of %s failed", len(asked), self._name)
            if len(asked) == 1:
                return [error]
        return [self._worked([one])[0] for one in asked]


def _resolve(loop: Any, batch: list[Waiting[Any, Any]], said: Sequence[Any]) -> None:
    for (_, future), answer in zip(batch, said, strict=True):
        if future.get_loop() is not loop or future.done():
            continue
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)
