"""Reads of rollouts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from fleet.rollouts.choices import ENDED, TargetState
from fleet.rollouts.models import Rollout, RolloutTarget


@dataclass
class WaveCounts:
    """How many devices of one wave are in which state."""

    wave: int
    states: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Return how many devices the wave has."""
        return sum(self.states.values())

    @property
    def ended(self) -> int:
        """Return how many came to an end."""
        return sum(self.states.get(state, 0) for state in ENDED)


def counts_by_wave(rollout: Rollout) -> list[WaveCounts]:
    """Return exact counts of every wave, in order. One query over one index."""
    rows = (
        RolloutTarget.objects.filter(rollout=rollout)
        .order_by()
        .values_list("wave", "state")
        .annotate(n=Count("pk"))
    )
    waves: dict[int, WaveCounts] = {}
    for wave, state, n in rows:
        waves.setdefault(wave, WaveCounts(wave)).states[state] = n
    return [waves[wave] for wave in sorted(waves)]


def total_counts(waves: Iterable[WaveCounts]) -> dict[str, int]:
    """Return the counts of all waves together, every state named."""
    found = dict.fromkeys(TargetState.values, 0)
    for wave in waves:
        for state, n in wave.states.items():
            found[state] += n
    return found


def targets_of(actor: Any, rollout: Rollout) -> Any:
    """Return the devices of a rollout, as far as the actor may see it."""
    rows = RolloutTarget.objects.allowed(actor).filter(rollout=rollout)
    return rows.select_related("device__organization", "build", "previous_build")
