"""Which scripts ran out of time lately: their devices wait behind the others, or are not served.

A script may run out of time a few times a minute, because of one odd status; one that always does
would take the time of all its neighbours.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict, deque

from devices.transformers.engine import Outcome
from devices.transformers.engine.jobs import SLOW

SECONDS = 30.0
TIMES = 8
MOST = 1_000


class Patience:
    """Remembers, in this process, when each script ran out of time."""

    SLOW = Outcome("slow", error=SLOW)

    def __init__(self) -> None:
        self._times: OrderedDict[bytes, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, body: str) -> None:
        """Remember that the script ran out of time now."""
        with self._lock:
            times = self._times.setdefault(_digest(body), deque(maxlen=TIMES))
            times.append(time.monotonic())
            self._times.move_to_end(_digest(body))
            if len(self._times) > MOST:
                self._times.popitem(last=False)

    def is_suspect(self, body: str) -> bool:
        """Tell whether the script ran out of time lately: then the others go first."""
        return self._count(body) > 0

    def is_exhausted(self, body: str) -> bool:
        """Tell whether that was so often that it is not run for now."""
        return self._count(body) >= TIMES

    def forget(self) -> None:
        """Start anew."""
        with self._lock:
            self._times.clear()

    def _count(self, body: str) -> int:
        if not self._times:
            return 0
        times = self._times.get(_digest(body), ())
        since = time.monotonic() - SECONDS
        return sum(1 for at in list(times) if at > since)


def _digest(body: str) -> bytes:
    return hashlib.sha256(body.encode(errors="replace")).digest()


patience = Patience()
