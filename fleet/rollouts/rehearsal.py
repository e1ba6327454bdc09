"""A rehearsal: how long a rollout would take and what it would cost, from how devices call.

Every device is taken through the plan once, by the clock: its next check-ins after its turn, from
when it called last and how often it calls. What cannot be known (failures) is left out.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from statistics import median
from typing import Any

from django.db.models import Avg, Q
from django.utils import timezone

from builds.models import Artifact
from devices.presence import USUAL
from fleet.rollouts.models import Rollout, RolloutTarget
from fleet.rollouts.plans import Plan
from fleet.rollouts.releasing import unfit_platform, unfit_version
from telemetry.charts import Chart, Column
from telemetry.selectors import usual_intervals

LOOKED_BACK = timedelta(hours=6)
# From the check-in that brings the offer to the one that reports the new version.
INSTALLING = 60.0
POINTS = 48
WINDOW_STEP = 300
WINDOW_DAYS = 60


@dataclass(frozen=True)
class RehearsedWave:
    """One wave: how many devices, when it would begin and end."""

    number: int
    devices: int
    begins: datetime
    ends: datetime


@dataclass
class Rehearsal:
    """What it would come to. `silent` devices are offline now, and a wave waits for each."""

    begins: datetime
    devices: int = 0
    left_out: int = 0
    silent: int = 0
    bytes: int = 0
    size: int = 0
    waves: list[RehearsedWave] = field(default_factory=list)
    installed: list[float] = field(default_factory=list)

    @property
    def ends(self) -> datetime:
        """Return when the last wave would be over."""
        return self.waves[-1].ends if self.waves else self.begins

    @property
    def took(self) -> timedelta:
        """Return how long it would take."""
        return self.ends - self.begins

    @property
    def chart(self) -> Chart:
        """Return the curve of installations."""
        last = max(self.took.total_seconds(), 1.0)
        steps = [last * n / POINTS for n in range(POINTS + 1)]
        times = [self.begins + timedelta(seconds=step) for step in steps]
        done = sorted(self.installed)
        counts = [bisect.bisect_right(done, step) for step in steps]
        column = Column("Installed", "ok", counts)
        return Chart("rehearsal", "Devices installed, as rehearsed", "lines", times, [column])


@dataclass(frozen=True)
class _Caller:
    wave: int
    last: float
    every: float
    is_silent: bool


def rehearse(rollout: Rollout, now: datetime | None = None) -> Rehearsal:
    """Take every device through the plan. Four queries, whatever the number of devices."""
    now = now or timezone.now()
    begins = max(now, rollout.starts_at or now)
    rules = rollout.rules
    callers, left_out = _callers(rollout, rules, now, begins)
    size = _size(rollout)
    found = Rehearsal(begins, devices=len(callers), left_out=left_out, size=size)
    found.silent = sum(caller.is_silent for caller in callers)
    found.bytes = size * (len(callers) - found.silent)
    window = _Window(rules, begins)
    start = 0.0
    for number in range(1, rollout.waves + 1):
        wave = [caller for caller in callers if caller.wave == number]
        start = window.next(start)
        end = start
        for release, caller in zip(_releases(rules, start, window), wave, strict=False):
            if caller.is_silent:
                end = max(end, release + rules.call_hours * 3600)
                continue
            done = _first_call(caller, release, window) + INSTALLING
            found.installed.append(done)
            end = max(end, done)
        moments = [begins + timedelta(seconds=at) for at in (start, end)]
        found.waves.append(RehearsedWave(number, len(wave), *moments))
        start = end + (rules.soak_minutes * 60 if number < rollout.waves else 0)
    return found


def _callers(
    rollout: Rollout, rules: Plan, now: datetime, begins: datetime
) -> tuple[list[_Caller], int]:
    rows = list(
        RolloutTarget.objects.filter(rollout=rollout)
        .order_by("position")
        .values_list(
            "device_id",
            "wave",
            "device__platform",
            "device__state__version",
            "device__state__last_seen_at",
            "device__checkin_interval",
            "device__state__kept_interval",
        )
    )
    platform = lru_cache(maxsize=None)(lambda text: unfit_platform(rollout, rules, text))
    version = lru_cache(maxsize=None)(lambda text: unfit_version(rollout, rules, text))
    fit = [row for row in rows if not (platform(row[2]) or version(row[3] or ""))]
    kept = {row[0]: float(row[5] or row[6] or USUAL) for row in fit}
    heard = usual_intervals([row[0] for row in fit], since=now - LOOKED_BACK)
    # How much more often than they must those devices call whose history was read.
    pace = median(heard[pk] / kept[pk] for pk in heard) if heard else 1.0
    callers = []
    for pk, wave, _, _, seen, _, _ in fit:
        every = max(1.0, heard.get(pk) or kept[pk] * pace)
        silent = seen is None or (now - seen).total_seconds() > max(2 * kept[pk], 3 * every)
        last = (seen - begins).total_seconds() if seen is not None else 0.0
        callers.append(_Caller(wave, last, every, silent))
    return callers, len(rows) - len(fit)


def _size(rollout: Rollout) -> int:
    """Return the bytes of the firmware, or of what the source's builds usually come to."""
    chosen = Q(build=rollout.build) if rollout.build_id else Q(build__source=rollout.source)
    files = Artifact.objects.filter(chosen, is_firmware=True)
    return round(files.aggregate(mean=Avg("size"))["mean"] or 0)


def _releases(rules: Plan, start: float, window: Any) -> Iterator[float]:
    at = start
    while True:
        yield at
        if rules.pace:
            at = window.next(at + 60 / rules.pace)


def _first_call(caller: _Caller, release: float, window: Any) -> float:
    at = _call_after(caller, release)
    opens = window.next(at)
    return at if opens == at else _call_after(caller, opens)


def _call_after(caller: _Caller, moment: float) -> float:
    passed = max(0.0, moment - caller.last)
    return caller.last + (passed // caller.every + 1) * caller.every


class _Window:
    """When the plan's time window is open, in seconds after the beginning."""

    def __init__(self, rules: Plan, begins: datetime) -> None:
        self._spans: list[tuple[float, float]] = []
        self._always = not rules.has_window
        if self._always:
            return
        since: float | None = None
        for at in range(0, WINDOW_DAYS * 86_400, WINDOW_STEP):
            is_open = rules.is_open(begins + timedelta(seconds=at))
            if is_open and since is None:
                since = float(at)
            elif not is_open and since is not None:
                self._spans.append((since, float(at)))
                since = None
        if since is not None:
            self._spans.append((since, float("inf")))

    def next(self, at: float) -> float:
        """Return this moment if it is inside, else when it opens next."""
        if self._always or not self._spans:
            return at
        for opens, closes in self._spans[max(0, bisect.bisect_left(self._spans, (at, at)) - 1) :]:
            if at < closes:
                return max(at, opens)
        return at
