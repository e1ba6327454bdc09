"""Gathers what was heard and handles it in one thread: whoever listens is never held up."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, InterfaceError, OperationalError, connections

from core.connections import refresh_connections

logger = logging.getLogger(__name__)

BATCH = 500
# Past this the newest are left out, and said so: a device repeats itself, a full memory does not.
MOST_WAITING = 20_000
TRIES = 30
TRY_SECONDS = 1.0
IDLE_SECONDS = 0.5
CLOSING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One message as a broker passed it on.

    `key_id`, and `since` when the connection began that it came over, are known where the broker
    is ours.
    """

    topic: str
    payload: bytes
    at: datetime
    retained: bool = False
    key_id: int | None = None
    address: str = ""
    since: datetime | None = None


Handler = Callable[[Sequence[Heard]], None]


class Intake:
    """One thread with one database connection, which handles what waits, a batch at a time.

    `handle` gets each batch; while the database is away it gets the same one again. `idle` is
    called in the same thread, about twice a second.
    """

    def __init__(self, handle: Handler, idle: Callable[[], None] = lambda: None) -> None:
        self._handle = handle
        self._idle = idle
        self._waiting: list[Heard] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._idle_at = 0.0
        self.left_out = 0

    def start(self) -> None:
        """Begin to handle."""
        self._thread = threading.Thread(target=self._run, name="mqtt-intake", daemon=True)
        self._thread.start()

    def hear(self, heard: Heard) -> None:
        """Take one message; never blocks, and may be called from any thread."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                self.left_out += 1
                return
            self._waiting.append(heard)
            self._changed.notify()

    def wake(self) -> None:
        """Have `idle` called at once."""
        with self._changed:
            self._idle_at = 0.0
            self._changed.notify()

    def close(self) -> None:
        """Handle what waits, within reason, then end the thread and its connection."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting and not self._closing:
                    self._changed.wait(max(0.0, self._idle_at - time.monotonic()))
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                left_out, self.left_out = self.left_out, 0
            if left_out:
                logger.warning("messages come faster than they are stored: %s left out", left_out)
            if batch:
                self._patiently(lambda batch=batch: self._handle(batch))  # type: ignore[misc]
            if time.monotonic() >= self._idle_at:
                self._idle_at = time.monotonic() + IDLE_SECONDS
                self._patiently(self._idle, tries=1)
            if self._closing and not self._waiting:
                connections.close_all()
                return

    def _patiently(self, work: Callable[[], None], tries: int = TRIES) -> None:
        """Work; again when the database was away, and not when the work itself is at fault."""
        for turn in range(1, tries + 1):
            try:
                refresh_connections()
                work()
                return
            except (OperationalError, InterfaceError) as error:
                logger.warning("the database is away, messages wait: %s", error)
                if turn < tries and not self._closing:
                    time.sleep(TRY_SECONDS)
            except DatabaseError:
                logger.exception("messages could not be stored")
                return
            except Exception:  # nothing that a device says may stop the intake
                logger.exception("messages could not be handled")
                return
