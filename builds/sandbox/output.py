"""From chunks of bytes to clean log lines: colours stay, everything else a terminal obeys goes."""

from __future__ import annotations

from collections import deque

from builds.sandbox.contract import OnLine
from core.ansi import clean

SYSTEM, COMMAND, STDOUT, STDERR = "system", "command", "stdout", "stderr"

TAIL_LINES = 200


class LineBuffer:
    """Cuts one stream into lines; a line longer than the limit is cut and says so."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._rest = bytearray()
        self._dropped = 0

    def feed(self, chunk: bytes) -> list[str]:
        """Take bytes, return the lines that are complete now."""
        lines = []
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            self._keep(chunk[start:end])
            lines.append(self._take())
            start = end + 1
        self._keep(chunk[start:])
        return lines

    def flush(self) -> list[str]:
        """Return what came after the last line end."""
        return [self._take()] if self._rest or self._dropped else []

    def _keep(self, part: bytes) -> None:
        room = self.limit - len(self._rest)
        self._rest += part[:room]
        self._dropped += max(0, len(part) - room)

    def _take(self) -> str:
        text = clean(self._rest.decode("utf-8", "replace"))
        if self._dropped:
            text += f"\x1b[0m … {self._dropped:,} more characters"
        self._rest.clear()
        self._dropped = 0
        return text


class LogBudget:
    """Passes lines on until the log is full; then keeps the last lines for the end."""

    def __init__(self, on_line: OnLine, limit: int) -> None:
        self._on_line = on_line
        self._left = limit
        self._limit = limit
        self._tail: deque[tuple[str, str]] = deque(maxlen=TAIL_LINES)
        self._held = 0

    @property
    def truncated(self) -> bool:
        """Say whether lines were left out."""
        return self._held > len(self._tail)

    def line(self, stream: str, text: str) -> None:
        """Pass one line on, or hold it when the log is full."""
        if self._held:
            self._hold(stream, text)
            return
        self._left -= len(text) + 1
        if self._left >= 0:
            self._on_line(stream, text)
            return
        size = f"{self._limit / (1024 * 1024):.0f} MB" if self._limit >= 1 << 20 else "its limit"
        self._on_line(
            SYSTEM,
            f"The log has reached {size}. The build goes on; from here on only the last "
            f"{TAIL_LINES} lines are kept.",
        )
        self._hold(stream, text)

    def _hold(self, stream: str, text: str) -> None:
        self._tail.append((stream, text))
        self._held += 1

    def finish(self) -> None:
        """Say how much was left out, and pass the held lines on."""
        left_out = self._held - len(self._tail)
        if left_out > 0:
            self._on_line(SYSTEM, f"{left_out:,} lines were left out here.")
        for stream, text in self._tail:
            self._on_line(stream, text)
