"""What follows a check-in once it is committed and answered: one seam for both of its ways.

A follower gets a batch and may take its time, within reason: it runs in a thread of its own, so
no device waits for it and no commit does. It must not count on being called: a process that is
killed takes what it had not told yet along. What may not be lost belongs into the check-in's own
statement; a follower then only wakes who looks for it.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import connections

from core.connections import refresh_connections
from devices.transformers.applying import wake
from telemetry.samples import Sample
from telemetry.services import record

logger = logging.getLogger(__name__)

# More wait only when followers cannot keep up at all; then the newest are left out, and said so.
MOST_WAITING = 100_000
CLOSING_SECONDS = 5.0


Follower = Callable[[Sequence[Sample]], None]


def wake_transformers(batch: Sequence[Sample]) -> None:
    """Have a worker run the transformers that these check-ins made due."""
    if any(call.has_chain and call.status is not None for call in batch):
        wake()


# In this order. Each gets every check-in; one that fails stops none of the others.
FOLLOWERS: tuple[Follower, ...] = (wake_transformers, record)


class Following:
    """Hands check-ins to the followers, all that wait at once, in one thread."""

    def __init__(self, followers: Callable[[], Sequence[Follower]]) -> None:
        self._followers = followers
        self._waiting: list[Sample] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False
        self.left_out = 0

    def add(self, batch: Sequence[Sample]) -> None:
        """Have the batch followed, soon; never blocks."""
        with self._changed:
            room = MOST_WAITING - len(self._waiting)
            self._waiting += batch[:room]
            if len(batch) > room:
                self.left_out += len(batch) - room
                logger.warning("followers do not keep up: %s check-ins left out", self.left_out)
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._run, name="following", daemon=True)
                self._thread.start()
                atexit.register(self.close)
            self._changed.notify()

    def tell(self, batch: Sequence[Sample]) -> None:
        """Hand one batch to every follower, now."""
        for follower in self._followers():
            try:
                follower(batch)
            except Exception:  # the check-ins are stored; the next follower may do better
                logger.exception("a follower of check-ins failed")

    def close(self) -> None:
        """Follow what waits, within reason, then end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                batch, self._waiting = self._waiting, []
            if not batch:
                connections.close_all()
                return
            refresh_connections()
            self.tell(batch)


_following = Following(lambda: FOLLOWERS)


def follow(batch: Sequence[Sample]) -> None:
    """Have every follower hear of these check-ins, which are committed."""
    if not batch:
        return
    if settings.FOLLOW_INLINE:
        _following.tell(batch)
    else:
        _following.add(batch)
