"""Gathers what is to be kept and writes it twice a second, in a thread of its own."""

from __future__ import annotations

import atexit
import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence

from django.db import DatabaseError, DataError, IntegrityError, connections

from core.connections import refresh_connections
from telemetry.places import history_alias, stamp
from telemetry.samples import Sample
from telemetry.writing import Counts, Key, hour_of, store

logger = logging.getLogger(__name__)

SECONDS_BETWEEN = 0.5
BATCH = 5_000
# More wait only while the database cannot be written; then the newest are left out and counted.
MOST_WAITING = 50_000
RETRY_SECONDS = 2.0
CLOSING_SECONDS = 5.0

Kept = Callable[[Sequence[Sample], Counts], None]


def counts_of(samples: Sequence[Sample]) -> Counter[Key]:
    """Return what these check-ins add to the counters, besides their levels."""
    found: Counter[Key] = Counter()
    for sample in samples:
        hour = hour_of(stamp(sample.at))
        found[sample.organization_id, hour, "checkins"] += 1
        if sample.is_new:
            found[sample.organization_id, hour, "devices_new"] += 1
    return found


class Recorder:
    """Holds what waits to be written, up to a size. Counters take no room, and lose nothing:

    a sample that has no room is counted as a check-in, and once more as left out.
    `kept` hears of what was committed, in this thread.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._samples: list[Sample] = []
        self._counts: Counter[Key] = Counter()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    def add(self, samples: Sequence[Sample], counts: Counts) -> None:
        """Have these kept, soon; never blocks and never raises."""
        with self._changed:
            room = max(0, MOST_WAITING - len(self._samples))
            self._samples += samples[:room]
            self._counts.update(counts)
            for sample in samples[room:]:
                self._counts[sample.organization_id, hour_of(stamp(sample.at)), "left_out"] += 1
            self._start()
            self._changed.notify()

    def close(self) -> None:
        """Write what waits, within reason, then end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)

    def _start(self) -> None:
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
            self._thread.start()
            atexit.register(self.close)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._samples or self._counts or self._closing):
                    self._changed.wait()
                if not self._closing and len(self._samples) < BATCH:
                    self._changed.wait_for(self._is_due, SECONDS_BETWEEN)
                samples, self._samples = self._samples[:BATCH], self._samples[BATCH:]
                counts, self._counts = self._counts, Counter()
                closing = self._closing
            if not (samples or counts):
                connections.close_all()
                return
            if not self._write(samples, counts) and closing:
                return

    def _is_due(self) -> bool:
        return self._closing or len(self._samples) >= BATCH

    def _write(self, samples: list[Sample], counts: Counter[Key]) -> bool:
        """Keep a batch; while the database is away it goes back to where it came from."""
        refresh_connections()
        try:
            keep(samples, counts, self._kept)
        except DatabaseError as error:
            logger.warning("history away, %s check-ins wait: %s", len(samples), error)
            with self._changed:
                self._samples = [*samples, *self._samples]
                self._counts.update(counts)
                self._changed.wait_for(lambda: self._closing, RETRY_SECONDS)
            connections[history_alias()].close()
            return False
        return True


def keep(samples: Sequence[Sample], counts: Counts, kept: Kept) -> None:
    """Write a batch now and say so. What the database takes for wrong is left out and counted."""
    try:
        store(samples, counts)
    except (DataError, IntegrityError):
        logger.exception("%s check-ins are left out of the history", len(samples))
        missing: Counter[Key] = Counter(counts)
        for sample in samples:
            missing[sample.organization_id, hour_of(stamp(sample.at)), "left_out"] += 1
        store([], missing)
    kept(samples, counts)
