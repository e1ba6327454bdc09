"""Reads of one device's history. The caller found the device by `Device.objects.allowed`."""

# Names in the statements come from telemetry.schema.
# ruff: noqa: S608
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from devices.models import Device
from telemetry.constants import SECOND
from telemetry.places import history, moment, stamp
from telemetry.ranges import Range
from telemetry.schema import CHECKIN, STATUS

PAGE = 50
MOST_ROWS = 500


class Point(NamedTuple):
    """One step of a series. Signals are means; None where the device did not call or say."""

    at: datetime
    checkins: int
    rssi: float | None = None
    rssi_lowest: float | None = None
    snr: float | None = None


@dataclass(frozen=True)
class SaidStatus:
    """A status that differs from the one before: since when, its level, its words."""

    at: datetime
    level: str
    status: str


@dataclass(frozen=True)
class KeptCheckIn:
    """One check-in as it is kept."""

    at: datetime
    rssi: float | None
    snr: float | None


@dataclass(frozen=True)
class Page:
    """Rows, newest first, and what to ask with for those before; None at the end."""

    rows: list[Any]
    before: int | None


def device_series(device: Device, span: Range, now: datetime | None = None) -> list[Point]:
    """Return a point for every step of the range, brought together in the database."""
    steps = span.steps(now)
    moments = _moments(steps)
    rows = _fetched(
        f"SELECT at / %s, count(*), avg(rssi), min(rssi), avg(snr) FROM {CHECKIN}"
        " WHERE device_id = %s AND at >= %s AND at < %s GROUP BY 1",
        span.step,
        device.pk,
        steps.start,
        steps.stop,
    )
    points = {
        step: Point._make((moments[step], n, rssi, low, snr)) for step, n, rssi, low, snr in rows
    }
    return [points.get(step) or Point(at, 0) for step, at in moments.items()]


@lru_cache(maxsize=8)
def _moments(steps: range) -> dict[int, datetime]:
    """Return when each step begins, by its number; the same for all devices until one is over."""
    return {at // steps.step: moment(at) for at in steps}


def recent_statuses(device: Device, limit: int = PAGE) -> list[SaidStatus]:
    """Return what the device said last, newest first; what it repeats is there once."""
    return status_page(device, limit=limit).rows


def status_page(device: Device, before: int | None = None, limit: int = PAGE) -> Page:
    """Return changes of status before a stamp."""
    rows = _before(STATUS, device, before, limit)
    return _page([(at, SaidStatus(moment(at), *said)) for at, *said in rows], limit)


def checkin_page(device: Device, before: int | None = None, limit: int = PAGE) -> Page:
    """Return check-ins before a stamp."""
    rows = _before(CHECKIN, device, before, limit)
    return _page([(at, KeptCheckIn(moment(at), *signal)) for at, *signal in rows], limit)


def histories_export(device_ids: Sequence[int]) -> dict[int, dict[str, list[dict[str, Any]]]]:
    """Return everything that is kept of some devices, for their owner to take away. Two queries."""
    found: dict[int, dict[str, list[dict[str, Any]]]] = {
        pk: {"checkins": [], "statuses": []} for pk in device_ids
    }
    for pk, at, rssi, snr in _fetched(_all_of(CHECKIN, device_ids), *device_ids):
        found[pk]["checkins"].append({"at": moment(at), "rssi": rssi, "snr": snr})
    for pk, at, level, status in _fetched(_all_of(STATUS, device_ids), *device_ids):
        found[pk]["statuses"].append({"at": moment(at), "level": level, "status": status})
    return found


def _all_of(table: str, device_ids: Sequence[int]) -> str:
    marks = ", ".join("%s" for _ in device_ids)
    return f"SELECT * FROM {table} WHERE device_id IN ({marks}) ORDER BY device_id, at"


def _before(table: str, device: Device, before: int | None, limit: int) -> list[Any]:
    columns = "rssi, snr" if table == CHECKIN else "level, status"
    return _fetched(
        f"SELECT at, {columns} FROM {table} WHERE device_id = %s AND at < %s"
        " ORDER BY at DESC LIMIT %s",
        device.pk,
        stamp() + 1 if before is None else before,
        min(limit, MOST_ROWS) + 1,
    )


def _page(found: list[tuple[int, Any]], limit: int) -> Page:
    """Cut off the one row too many, which only says that there are more."""
    limit = min(limit, MOST_ROWS)
    rows = found[:limit]
    return Page([row for _, row in rows], rows[-1][0] if len(found) > limit else None)


def _fetched(statement: str, *values: Any) -> list[Any]:
    with history().cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def usual_intervals(
    device_ids: Sequence[int], *, since: datetime, most: int = 400
) -> dict[int, float]:
    """Return the mean seconds between two check-ins of devices, as they were kept since a moment.

    Asks about at most `most` of them, spread over all that are given. Devices that called less than
    twice are not in the answer. One query.
    """
    step = max(1, -(-len(device_ids) // most))
    asked = device_ids[::step]
    if not asked:
        return {}
    marks = ", ".join("%s" for _ in asked)
    rows = _fetched(
        f"SELECT device_id, count(*), max(at) - min(at) FROM {CHECKIN}"
        f" WHERE device_id IN ({marks}) AND at >= %s GROUP BY device_id",
        *asked,
        stamp(since),
    )
    return {pk: span / (count - 1) / SECOND for pk, count, span in rows if count > 1 and span}
