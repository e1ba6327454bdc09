"""The plan of a rollout: how many at a time, when, for which devices, and what stops it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from core.exceptions import DomainError

_WAVE = re.compile(r"[1-9][0-9]{0,5}\Z|([1-9][0-9]?|100)%\Z")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")
MOST_WAVES = 50
LIMITS: dict[str, tuple[int, int]] = {
    "canary": (0, 100_000),
    "pace": (0, 100_000),
    "min_battery": (0, 100),
    "min_signal": (-150, 0),
    "max_failed_percent": (0, 100),
    "max_failed": (0, 100_000),
    "silence_minutes": (1, 43_200),
    "call_hours": (1, 2_160),
    "soak_minutes": (0, 43_200),
    "retries": (0, 10),
}
OPTIONAL = ("min_battery", "min_signal")


@dataclass(frozen=True)
class Plan:
    """What an operator decided. Zero means *no limit* for pace and for both failure limits.

    `waves` are sizes, "10%" of all devices or "500"; what they leave is the last wave. Outside
    `days` (0 is Monday) and the hours from `opens` to `closes` nothing is released or offered.
    `silence_minutes` is how long a device may take from the offer to reporting the new version,
    `call_hours` how long one that was released may not call before it is left out.
    """

    canary: int = 0
    waves: tuple[str, ...] = ("10%", "50%")
    pace: int = 0
    days: tuple[int, ...] = ()
    opens: str = ""
    closes: str = ""
    time_zone: str = "UTC"
    versions: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    min_battery: int | None = None
    min_signal: int | None = None
    needs_approval: bool = False
    max_failed_percent: int = 5
    max_failed: int = 0
    silence_minutes: int = 60
    call_hours: int = 24
    soak_minutes: int = 0
    auto_rollback: bool = False
    retries: int = 1
    forced: bool = False
    allow_downgrade: bool = False
    allow_delta: bool = True

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Plan:
        """Read a plan that was checked before."""
        known = {field.name for field in fields(cls)}
        values: Any = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
        return cls(**{name: value for name, value in values.items() if name in known})

    @classmethod
    def checked(cls, given: Mapping[str, Any]) -> Plan:
        """Return the plan; raises DomainError (fleet.rollout_plan) that names each fault."""
        plan = cls.of(given)
        faults = dict(plan._faults())
        if faults:
            first = next(iter(faults.values()))
            raise DomainError(
                "fleet.rollout_plan", first, fields={name: [text] for name, text in faults.items()}
            )
        return plan

    def stored(self) -> dict[str, Any]:
        """Return it as JSON keeps it."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    def sizes(self, total: int) -> list[int]:
        """Return how many devices each wave has; none is empty, and together they are all."""
        wanted = [self.canary] if self.canary else []
        wanted += [self._size(text, total) for text in self.waves]
        found: list[int] = []
        left = total
        for size in wanted:
            taken = min(left, size)
            if taken:
                found.append(taken)
                left -= taken
        return [*found, left] if left else found

    def is_open(self, now: datetime) -> bool:
        """Tell whether updates may begin now."""
        if not self.has_window:
            return True
        local = now.astimezone(ZoneInfo(self.time_zone))
        opens, closes = self._hours()
        clock = local.time().replace(tzinfo=None)
        if opens < closes:
            return self._is_day(local) and opens <= clock < closes
        # Over midnight the night belongs to the day on which it began.
        if clock >= opens:
            return self._is_day(local)
        return clock < closes and self._is_day(local - timedelta(days=1))

    @property
    def has_window(self) -> bool:
        """Tell whether there are times at which nothing may begin."""
        return bool(self.days or (self.opens and self.closes))

    def _is_day(self, local: datetime) -> bool:
        return not self.days or local.weekday() in self.days

    def _hours(self) -> tuple[time, time]:
        if not (self.opens and self.closes):
            return time.min, time.max
        return time.fromisoformat(self.opens), time.fromisoformat(self.closes)

    def _size(self, text: str, total: int) -> int:
        if text.endswith("%"):
            return max(1, round(total * int(text[:-1]) / 100))
        return int(text)

    def _faults(self) -> Any:
        for name, (least, most) in LIMITS.items():
            value = getattr(self, name)
            if value is None and name in OPTIONAL:
                continue
            if not isinstance(value, int) or not least <= value <= most:
                yield name, f"{name.replace('_', ' ').capitalize()}: from {least:,} to {most:,}."
        if len(self.waves) > MOST_WAVES or not all(_WAVE.match(text) for text in self.waves):
            yield "waves", f"Waves are sizes such as 10% or 500, at most {MOST_WAVES} of them."
        if not all(day in range(7) for day in self.days):
            yield "days", "Days are numbers from 0, Monday, to 6, Sunday."
        if bool(self.opens) != bool(self.closes) or self.opens == self.closes != "":
            yield "closes", "Say both when the window opens and when it closes, or neither."
        elif self.opens and not (_CLOCK.match(self.opens) and _CLOCK.match(self.closes)):
            yield "opens", "Write hours as 22:00."
        if self.time_zone not in available_timezones():
            yield "time_zone", "Choose a time zone such as Europe/Prague."
