"""All writes to the history: recording, counting, deleting, and dropping what is old."""

# Names in the statements come from telemetry.schema.
# ruff: noqa: S608
from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction

from accounts.models import Organization
from core.jobs import tell_groups
from core.watching import watched
from devices.models import Device
from telemetry.constants import DAY, EVERYTHING
from telemetry.metrics import METRICS
from telemetry.partitions import add_partitions, drop_partitions
from telemetry.places import history, history_alias, stamp
from telemetry.recorder import Recorder, counts_of, keep
from telemetry.samples import Sample
from telemetry.schema import COUNTER, SERIES, STANDING, Series
from telemetry.writing import (
    Counts,
    add_counts,
    delete_devices,
    delete_organizations,
    hour_of,
)

logger = logging.getLogger(__name__)

MODEL = "telemetry.history"
# Devices whose old rows SQLite deletes in one transaction, so that writers wait only shortly.
PORTION = 500


def record(samples: Sequence[Sample]) -> None:
    """Keep check-ins: history, statuses that changed, counters. Never blocks and never raises.

    Written within half a second by a thread of this process; live pages are told then.
    """
    counts = counts_of(samples)
    if settings.TELEMETRY_INLINE:
        keep(samples, counts, _tell)
    else:
        _recorder.add(samples, counts)


def count(
    metric: str, organization_id: int | None, by: int = 1, at: datetime | None = None
) -> None:
    """Add to a counter of one organization, or only of the installation.

    Never raises for a database that is away: what was counted matters more than its figure.
    """
    holder = EVERYTHING if organization_id is None else organization_id
    counts = {(holder, hour_of(stamp(at)), metric): by}
    if METRICS[metric].is_frequent and not settings.TELEMETRY_INLINE:
        _recorder.add((), counts)
    else:
        _count_now(counts)


def _count_now(counts: Counts) -> None:
    try:
        with transaction.atomic(using=history_alias()):
            add_counts(history(), counts)
    except DatabaseError as error:
        logger.warning("not counted, the history cannot be written: %s", error)


def _tell(samples: Sequence[Sample], _counts: Counts) -> None:
    """Tell the pages that somebody looks at: organizations, and single devices."""
    owners = {s.organization_uid for s in samples}
    groups = {f"org.{uid}": uid for uid in owners}
    groups |= {f"device.{s.uid}": s.uid for s in samples}
    said = {"type": "object.changed", "model": MODEL}
    tell_groups([(g, {**said, "group": g, "uid": groups[g]}) for g in watched(groups)])


_recorder = Recorder(_tell)


def devices_forget(devices: Iterable[int]) -> None:
    """Delete the history of devices that are gone; one that is still there keeps its own."""
    wanted = set(devices)
    there = Device.objects.filter(pk__in=wanted).values_list("pk", flat=True)
    if gone := wanted - set(there):
        devices_forget_history(gone)


def devices_forget_history(devices: Iterable[int]) -> None:
    """Delete the history of these devices, whether or not they stay."""
    with transaction.atomic(using=history_alias()):
        delete_devices(history(), devices)


def organizations_forget(organizations: Iterable[int]) -> None:
    """Delete the counters of organizations that are gone; one that is still there keeps its own."""
    wanted = set(organizations)
    there = Organization.objects.filter(pk__in=wanted).values_list("pk", flat=True)
    if gone := wanted - set(there):
        with transaction.atomic(using=history_alias()):
            delete_organizations(history(), gone)


def history_keep(now: datetime | None = None) -> dict[str, int]:
    """Make the days to come, drop what is older than the settings say; return how much went.

    Also deletes what a process that died left of devices that are gone. May run at any time.
    """
    connection = history()
    add_partitions(connection)
    today = stamp(now) // DAY * DAY
    dropped = {series.table: _drop_old(connection, series, today) for series in SERIES}
    dropped[COUNTER] = _drop_counters(connection, today)
    dropped[STANDING] = _drop_orphans(connection)
    return dropped


def _drop_old(connection: Any, series: Series, today: int) -> int:
    days = getattr(settings, series.kept_by)
    if not days:
        return 0
    before = today - days * DAY
    if connection.vendor == "postgresql":
        return len(drop_partitions(connection, series, before))
    return sum(
        _delete(connection, series.table, "device_id BETWEEN %s AND %s AND at < %s", *ends, before)
        for ends in _portions(connection, series.table)
    )


def _portions(connection: Any, table: str) -> Iterable[tuple[int, int]]:
    """Yield the first and last device of each portion of a SQLite series; steps over its key."""
    step = (
        f"WITH RECURSIVE each(pk) AS (SELECT min(device_id) FROM {table} WHERE device_id > %s"
        f" UNION ALL SELECT (SELECT min(device_id) FROM {table} WHERE device_id > pk) FROM each"
        " WHERE pk IS NOT NULL LIMIT %s) SELECT pk FROM each WHERE pk IS NOT NULL"
    )
    last = -1
    while found := _numbers(connection, step, last, PORTION):
        yield found[0], found[-1]
        last = found[-1]


def _drop_counters(connection: Any, today: int) -> int:
    kept = {"h": settings.TELEMETRY_CHECKIN_DAYS, "d": settings.TELEMETRY_COUNTER_DAYS}
    return sum(
        _delete(connection, COUNTER, "grain = %s AND at < %s", grain, today - days * DAY)
        for grain, days in kept.items()
        if days
    )


def _drop_orphans(connection: Any) -> int:
    step = f"SELECT device_id FROM {STANDING} WHERE device_id > %s ORDER BY device_id LIMIT %s"
    gone, last = 0, -1
    while found := _numbers(connection, step, last, PORTION):
        there = Device.objects.filter(pk__in=found).values_list("pk", flat=True)
        if orphans := set(found) - set(there):
            devices_forget(orphans)
            gone += len(orphans)
        last = found[-1]
    return gone


def _numbers(connection: Any, statement: str, *values: Any) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [number for (number,) in cursor.fetchall()]


def _delete(connection: Any, table: str, condition: str, *values: Any) -> int:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {condition}", values)
        return cursor.rowcount
