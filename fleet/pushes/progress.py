"""How far a push came, as a bar with one part for each state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.look import state_of
from fleet.pushes.choices import ReceiptState

S = ReceiptState
# What is done stands at the left and what waits at the right, as in every such bar.
ORDER = (
    *(S.APPLIED, S.DELIVERED, S.SENT, S.FAILED),
    *(S.EXPIRED, S.REPLACED, S.WITHDRAWN, S.QUEUED),
)
WIDTH = 1000


@dataclass(frozen=True)
class Part:
    """One part of the bar: which state, how many, and where it lies between 0 and 1000."""

    state: str
    word: str
    tone: str
    count: int
    start: float
    width: float


@dataclass(frozen=True)
class Progress:
    """The bar, and what it says in words."""

    parts: list[Part]
    total: int
    applied: int

    @property
    def percent(self) -> int:
        """Return how many of a hundred have it; 100 only when all do."""
        return self.applied * 100 // self.total if self.total else 0


def progress_of(counts: Mapping[str, int]) -> Progress:
    """Return the bar for receipts counted by state."""
    total, start, parts = sum(counts.values()), 0.0, []
    for state in ORDER:
        count = counts.get(state, 0)
        if count:
            width = WIDTH * count / total
            look = state_of(state)
            parts.append(Part(state.value, look.word, look.tone, count, start, width))
            start += width
    return Progress(parts, total, counts.get(S.APPLIED, 0))
