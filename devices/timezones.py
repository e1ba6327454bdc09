"""Where a device's clock is: the zone it names, or the hours it says."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

UNSET = "UTC"


def zone_said(name: str | None, hours: float | None, now: datetime) -> dict[str, Any]:
    """Return the columns for what a device says of its zone; nothing when it says nothing.

    A zone with a name known to the tz database has the hours of that zone now, summer time
    included, whatever the device adds: devices send the hours of their winter.
    """
    if not name and hours is None:
        return {}
    return {"timezone_name": name or UNSET, "timezone_offset": hours_now(name, hours or 0.0, now)}


def hours_now(name: str | None, hours: float, now: datetime) -> float:
    """Return a zone's hours east of UTC at this moment; `hours` for names that nobody knows."""
    if not name or name == UNSET or name not in _known():
        return hours
    offset = now.astimezone(ZoneInfo(name)).utcoffset()
    return offset.total_seconds() / 3600 if offset is not None else hours


def zone_chosen(name: str, now: datetime) -> dict[str, Any]:
    """Return the columns for the zone that people choose; without one, the device says its own.

    `UNSET` is how a device without a zone is stored, so who means UTC chooses Etc/UTC.
    """
    return {"timezone_name": name or UNSET, "timezone_offset": hours_now(name, 0.0, now)}


def zone_names() -> list[str]:
    """Return the zones to choose from, by name: places, and UTC."""
    return ["Etc/UTC", *sorted(name for name in _known() if _is_place(name))]


def _is_place(name: str) -> bool:
    return "/" in name and not name.startswith(("Etc/", "US/", "Canada/", "Brazil/", "SystemV/"))


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())
