"""Gathers calls and commits them together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import DatabaseError
from django.utils import timezone

from core.grouping import MOST_AT_ONCE, Grouped, Waiting
from gateway.fast.calls import Call
from gateway.fast.statements import Stored, keep_plans, store

logger = logging.getLogger(__name__)

Told = Callable[[Sequence[tuple[Call, Stored]], datetime], None]


class GroupWriter(Grouped[Call, "Stored | None"]):
    """Answers a call after its commit: with what was stored, or with None when the call was not
    ordinary or the batch failed, and the services have to look.

    `told` hears of every batch, after its commit, in this thread.
    """

    def __init__(self, told: Told) -> None:
        super().__init__(self._store, name="check-ins")
        self.told = told
        self._now = timezone.now()

    def take(
        self, waiting: list[Waiting[Call, Stored | None]]
    ) -> list[Waiting[Call, Stored | None]]:
        """Take up to a batch of different devices; a device's second call waits for its turn."""
        batch: list[Waiting[Call, Stored | None]] = []
        later: list[Waiting[Call, Stored | None]] = []
        devices = set()
        for place, one in enumerate(waiting):
            if len(batch) == MOST_AT_ONCE:
                later += waiting[place:]
                break
            (later if one[0].udid in devices else batch).append(one)
            devices.add(one[0].udid)
        waiting[:] = later
        return batch

    def follow(self, asked: list[Call], said: Sequence[Stored | BaseException | None]) -> None:
        """Say what is committed; devices are answered already."""
        batch = [
            (call, stored)
            for call, stored in zip(asked, said, strict=True)
            if isinstance(stored, Stored)
        ]
        if not batch:
            return
        try:
            self.told(batch, self._now)
        except Exception:  # what follows a commit must not stop the commits
            logger.exception("what follows check-ins failed")

    def _store(self, calls: list[Call]) -> list[Stored | None]:
        self._now = timezone.now()
        try:
            keep_plans()
            stored = store(calls, self._now)
        except DatabaseError:
            # Each goes its ordinary way, where one bad row spoils no other.
            logger.warning("a batch of %s check-ins was not stored", len(calls), exc_info=True)
            return [None] * len(calls)
        return [stored.get(place) for place in range(len(calls))]
