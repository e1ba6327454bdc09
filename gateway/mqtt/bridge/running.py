"""The bridge as one thing: what is heard goes in, what is to be said comes out."""

from __future__ import annotations

import time
from collections.abc import Callable

from devices.status_services import connected_note, disconnected_note
from gateway.mqtt.bridge.beat import BEAT_SECONDS, beat
from gateway.mqtt.bridge.handling import Handling, Say
from gateway.mqtt.bridge.intake import Heard, Intake
from gateway.mqtt.bridge.pushing import Listeners

CONNECTED_SECONDS = 10.0


class Bridge:
    """Handles what `hear` is given in a thread of its own; `say` publishes.

    `is_up` tells whether the way to the broker is open, for the sign of life. `connected` names
    the devices that hold a connection open, and `listeners` knows who is subscribed to a topic,
    where the broker can be asked.
    """

    def __init__(
        self,
        say: Say,
        is_up: Callable[[], bool],
        connected: Callable[[], set[str]] | None = None,
        listeners: Listeners | None = None,
    ) -> None:
        self.handling = Handling(say, listeners, is_up)
        self._is_up = is_up
        self._intake = Intake(self.handling.handle, self._idle)
        self._beat_at = 0.0
        self._connected = connected
        self._connected_at = 0.0
        self._last_connected: set[str] = set()

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
        if not self._is_up():
            return
        self.handling.idle()
        self._note_connected()
        if time.monotonic() >= self._beat_at:
            self._beat_at = time.monotonic() + BEAT_SECONDS
            beat()

    def _note_connected(self) -> None:
        """Keep those that are connected online, and the others by what they said last."""
        if self._connected is None or time.monotonic() < self._connected_at:
            return
        self._connected_at = time.monotonic() + CONNECTED_SECONDS
        now = self._connected()
        connected_note(now)
        disconnected_note(self._last_connected - now)
        self.handling.pushing.connected(now - self._last_connected)
        self._last_connected = now
