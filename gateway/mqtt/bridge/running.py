"""The bridge as one thing: what is heard goes in, what is to be said comes out."""

from __future__ import annotations

import time
from collections.abc import Callable

from gateway.mqtt.bridge.beat import BEAT_SECONDS, beat
from gateway.mqtt.bridge.handling import Handling, Say
from gateway.mqtt.bridge.intake import Heard, Intake


class Bridge:
    """Handles what `hear` is given in a thread of its own; `say` publishes.

    `is_up` tells whether the way to the broker is open, for the sign of life.
    """

    def __init__(self, say: Say, is_up: Callable[[], bool]) -> None:
        self.handling = Handling(say)
        self._is_up = is_up
        self._intake = Intake(self.handling.handle, self._idle)
        self._beat_at = 0.0

    def start(self) -> None:
        """Begin."""
        self._intake.start()

    def hear(self, heard: Heard) -> None:
        """Take one message; never blocks."""
        self._intake.hear(heard)

    def close(self) -> None:
        """Handle what waits, then end."""
        self._intake.close()

    def _idle(self) -> None:
        self.handling.telling.flush()
        if self._is_up() and time.monotonic() >= self._beat_at:
            self._beat_at = time.monotonic() + BEAT_SECONDS
            beat()
