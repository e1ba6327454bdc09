"""A build's log: lines collected in memory, stored and sent in batches."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from threading import Lock
from typing import Any

from django.db import transaction
from django.utils import timezone

from builds.models import Build, BuildLogLine
from core.jobs import broadcast

BATCH = 64
BATCH_SECONDS = 0.5
TRUNCATED = "The log is longer than this console keeps. The build goes on; the rest is not shown."


@dataclass
class LogWriter:
    """Takes lines from any thread; `flush` is called by the one thread that owns the database.

    Lines get their numbers when they arrive, so their order is the order of arrival. Past
    `limit` bytes one last line says so and the others are dropped.
    """

    build: Build
    limit: int
    seq: int = 0
    size: int = 0
    _waiting: deque[BuildLogLine] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)
    _is_full: bool = False

    def add(self, stream: str, text: str) -> None:
        """Take one line, already redacted."""
        with self._lock:
            if self._is_full:
                return
            self.size += len(text.encode())
            if self.size > self.limit:
                self._is_full = True
                stream, text = "system", TRUNCATED
            self.seq += 1
            self._waiting.append(_line(self.build, self.seq, stream, text, timezone.now()))

    @property
    def is_due(self) -> bool:
        """Tell whether a batch is full."""
        return len(self._waiting) >= BATCH

    def flush(self) -> None:
        """Store and send what is waiting, in batches."""
        while True:
            with self._lock:
                batch = [*islice(self._waiting, BATCH)]
            if not batch:
                return
            with transaction.atomic():
                BuildLogLine.objects.bulk_create(batch)
                Build.objects.filter(pk=self.build.pk).update(
                    log_lines=batch[-1].seq, log_size=self.size
                )
            with self._lock:  # only what is stored leaves: a database that is away loses nothing
                for _ in batch:
                    self._waiting.popleft()
            broadcast(f"build.{self.build.uid}", log_message(self.build, batch))


def log_message(build: Build, lines: list[BuildLogLine]) -> dict[str, Any]:
    """Return the message that carries lines to whoever watches the build."""
    return {"type": "log.lines", "uid": f"{build.uid}", "lines": [log_line(x) for x in lines]}


def log_line(line: BuildLogLine) -> dict[str, Any]:
    """Return one line as pages and the API get it."""
    return {"seq": line.seq, "stream": line.stream, "text": line.text}


def _line(build: Build, seq: int, stream: str, text: str, at: datetime) -> BuildLogLine:
    # PostgreSQL refuses NUL in text.
    return BuildLogLine(
        build=build, seq=seq, stream=stream[:8], text=text.replace("\x00", "�"), at=at
    )
