"""What the console says, until the devices' side of a connection has it."""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
import threading
from collections import Counter
from typing import Any

from amqtt.adapters import StreamWriterAdapter


class Outgoing(asyncio.Queue[dict[str, Any]]):
    """The broker's queue of messages; knows by topic which of the console's own wait in it."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: Counter[str] = Counter()
        self._changed = threading.Lock()
        self._taken = ""

    def announce(self, topic: str) -> None:
        """Note that a message is about to be put in; from any thread."""
        with self._changed:
            self._waiting[topic] += 1

    def passed_on(self) -> None:
        """Note that the message which was taken last has been written to its connections."""
        with self._changed:
            if self._waiting.get(self._taken, 0) > 1:
                self._waiting[self._taken] -= 1
            else:
                self._waiting.pop(self._taken, None)

    def holds(self, topic: str) -> bool:
        """Tell whether something the console said on the topic has yet to be written."""
        with self._changed:
            return topic in self._waiting

    def _get(self) -> dict[str, Any]:
        taken: dict[str, Any] = super()._get()  # type: ignore[misc]  # asyncio means it to be overridden
        self._taken = taken["topic"] if taken["session"] is None else ""
        return taken


class AcknowledgedWriter(StreamWriterAdapter):
    """Knows whether the other side's system has all that was written."""

    def is_acknowledged(self) -> bool:
        """Tell whether nothing is left: neither here, nor unacknowledged by the other side."""
        transport = self._writer.transport
        number = transport.get_extra_info("socket").fileno()
        if number < 0 or transport.get_write_buffer_size():
            return False
        try:
            (left,) = struct.unpack("i", fcntl.ioctl(number, termios.TIOCOUTQ, bytes(4)))
        except OSError:  # closed meanwhile
            return False
        return left == 0
