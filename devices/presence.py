"""When a device is expected: online until it is late, late until it counts as offline.

Each device has a pace: the interval that people set for it, else the one it was seen to keep, and
never less than the usual one. It is late after one and a half of it, after one of the usual, and
offline after two. Rows of the usual pace store nothing: `late_at` and `offline_at` are empty and
`last_seen_at` says it all. A last will sets both to its own moment.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from devices.constants import LONGEST_INTERVAL as LONGEST
from devices.constants import USUAL_INTERVAL as USUAL

LATE, OFFLINE = 1.5, 2.0
USUAL_LATE, USUAL_OFFLINE = timedelta(seconds=USUAL), timedelta(seconds=2 * USUAL)
ONLINE_STATE, LATE_STATE, OFFLINE_STATE, NEVER_SEEN = "online", "late", "offline", "never_seen"


def learned(before: int, last_seen: datetime | None, now: datetime) -> int:
    """Return the interval that a device keeps, in seconds: each call moves it by a quarter.

    `gateway.fast.statements` says the same in SQL.
    """
    if last_seen is None:
        return before
    step = math.floor(((now - last_seen).total_seconds() - before) / 4)
    return min(LONGEST, max(USUAL, before + step))


def expected(seen: datetime, chosen: int | None, kept: int) -> dict[str, datetime | None]:
    """Return `late_at` and `offline_at` of a device seen then; None where the usual rule does."""
    pace = chosen or kept
    if pace == USUAL:
        return {"late_at": None, "offline_at": None}
    return {
        "late_at": seen + timedelta(seconds=LATE * pace),
        "offline_at": seen + timedelta(seconds=OFFLINE * pace),
    }


def seen(device: Any, state: Any, now: datetime) -> dict[str, Any]:
    """Return the columns of a state that a sign of life changes."""
    kept = learned(state.kept_interval, state.last_seen_at, now)
    times = expected(now, device.checkin_interval, kept)
    return {"last_seen_at": now, "kept_interval": kept, **times}


def deadlines(state: Any) -> tuple[datetime, datetime] | None:
    """Return from when a device is late and offline; None for one that never called."""
    if state.offline_at is not None:
        return state.late_at or state.offline_at, state.offline_at
    if state.last_seen_at is None:
        return None
    return (
        state.last_seen_at + USUAL_LATE,
        state.last_seen_at + USUAL_OFFLINE,
    )


def presence_of(state: Any, now: datetime | None = None) -> str:
    """Return online, late, offline or never_seen."""
    times = deadlines(state)
    if times is None:
        return NEVER_SEEN
    now = now or timezone.now()
    if now < times[0]:
        return ONLINE_STATE
    return LATE_STATE if now < times[1] else OFFLINE_STATE


def online(now: datetime | None = None, *, path: str = "state__") -> Q:
    """Match devices that called as expected."""
    now = now or timezone.now()
    return _usual(path, last_seen_at__gt=now - USUAL_LATE) | _own(path, late_at__gt=now)


def late(now: datetime | None = None, *, path: str = "state__") -> Q:
    """Match devices that are overdue and not given up."""
    now = now or timezone.now()
    usual = {
        "last_seen_at__lte": now - USUAL_LATE,
        "last_seen_at__gt": now - USUAL_OFFLINE,
    }
    return _usual(path, **usual) | _own(path, late_at__lte=now, offline_at__gt=now)


def offline(now: datetime | None = None, *, path: str = "state__") -> Q:
    """Match devices that called once and are gone."""
    now = now or timezone.now()
    return _usual(path, last_seen_at__lte=now - USUAL_OFFLINE) | _own(path, offline_at__lte=now)


def _usual(path: str, **rule: Any) -> Q:
    return _own(path, offline_at=None, **rule)


def _own(path: str, **rule: Any) -> Q:
    return Q(**{f"{path}{name}": value for name, value in rule.items()})
