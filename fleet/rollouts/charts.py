"""What the page of a rollout draws: a bar for each wave, and the curve of what came to an end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, DateTimeField
from django.db.models.functions import Trunc

from fleet.rollouts.choices import TargetState
from fleet.rollouts.models import Rollout, RolloutTarget
from fleet.rollouts.selectors import WaveCounts
from telemetry.charts import Chart, Column

T = TargetState
# In the order in which a bar shows them: what is done first, what did not begin last.
PARTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Installed", "ok", (T.INSTALLED,)),
    ("Rolled back", "warning", (T.ROLLED_BACK, T.RETURNING)),
    ("Failed", "error", (T.FAILED,)),
    ("Skipped", "unknown", (T.SKIPPED,)),
    ("Under way", "running", (T.BUILDING, T.RELEASED, T.OFFERED, T.DOWNLOADING, T.DOWNLOADED)),
    ("Pending", "pending", (T.PENDING,)),
)
WIDTH = 1000


@dataclass(frozen=True)
class Part:
    """A piece of a bar: its words, colour and count; where it begins and how long it is."""

    label: str
    tone: str
    count: int
    x: float
    width: float


@dataclass(frozen=True)
class Bar:
    """One wave. `label` says it all for who cannot see it."""

    wave: int
    total: int
    ended: int
    parts: Sequence[Part]

    @property
    def label(self) -> str:
        """Return the counts in words."""
        said = ", ".join(f"{part.count:,} {part.label.lower()}" for part in self.parts)
        return f"Wave {self.wave}: {said}"


def bars(waves: Sequence[WaveCounts]) -> list[Bar]:
    """Return a bar for each wave, with exact counts."""
    found = []
    for wave in waves:
        x, parts = 0.0, []
        for label, tone, states in PARTS:
            count = sum(wave.states.get(state, 0) for state in states)
            if count:
                width = round(WIDTH * count / wave.total, 2)
                parts.append(Part(label, tone, count, round(x, 2), width))
                x += width
        found.append(Bar(wave.wave, wave.total, wave.ended, parts))
    return found


def installs_chart(rollout: Rollout, now: datetime) -> Chart:
    """Return how many were installed and how many failed, over time. One query."""
    started = rollout.started_at or now
    span = (rollout.ended_at or now) - started
    kind, step = ("second", 1) if span < timedelta(minutes=10) else ("minute", 60)
    if span > timedelta(hours=10):
        kind, step = "hour", 3600
    rows = (
        RolloutTarget.objects.filter(rollout=rollout, state__in=(T.INSTALLED, T.FAILED))
        .exclude(ended_at=None)
        .order_by()
        .annotate(at=Trunc("ended_at", kind, output_field=DateTimeField()))
        .values_list("at", "state")
        .annotate(n=Count("pk"))
    )
    found = {(at, state): n for at, state, n in rows}
    moments = sorted({at for at, _ in found})
    begins = started.replace(microsecond=0)
    times, counts = [begins], {T.INSTALLED: [0], T.FAILED: [0]}
    for at in moments:
        times.append(max(at + timedelta(seconds=step), times[-1] + timedelta(seconds=1)))
        for state, values in counts.items():
            values.append(values[-1] + found.get((at, state), 0))
    columns = [
        Column("Installed", "ok", counts[T.INSTALLED]),
        Column("Failed", "error", counts[T.FAILED]),
    ]
    return Chart("installs", "Devices over time", "lines", times, columns)
