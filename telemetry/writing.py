"""The SQL that keeps samples and counters, for both databases. One call is one transaction."""

# Names in the statements come from telemetry.schema.
# ruff: noqa: S608
from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from telemetry.constants import DAY, EVERYTHING, HOUR
from telemetry.partitions import add_partitions
from telemetry.places import history, stamp
from telemetry.samples import Sample, signal_value
from telemetry.schema import CHECKIN, COUNTER, SERIES, STANDING, STATUS

# (organization, stamp of the hour, metric)
Key = tuple[int, int, str]
Counts = Mapping[Key, int]
Row = tuple[Any, ...]

COLUMNS = {series.table: series.names for series in SERIES}
COUNTED_LEVELS = {"error": "errors", "warning": "warnings"}


def store(samples: Sequence[Sample], counts: Counts) -> None:
    """Keep the samples and add to the counters, all or nothing.

    Of the statuses those are kept, and counted, that differ from what the device said last.
    """
    connection = history()
    with transaction.atomic(using=connection.alias):
        checkins = [
            (s.device_id, stamp(s.at), signal_value(s.rssi), signal_value(s.snr)) for s in samples
        ]
        insert_rows(connection, CHECKIN, checkins)
        changes = _note_changes(connection, samples)
        insert_rows(connection, STATUS, [(s.device_id, *_said(s)) for s in changes])
        add_counts(connection, Counter(counts) + _levels_of(changes))


def _said(sample: Sample) -> tuple[int, str, str]:
    return stamp(sample.at), sample.level or "ok", sample.status or ""


def _levels_of(changes: Iterable[Sample]) -> Counter[Key]:
    counted: Counter[Key] = Counter()
    for sample in changes:
        if metric := COUNTED_LEVELS.get(sample.level):
            counted[sample.organization_id, hour_of(stamp(sample.at)), metric] += 1
    return counted


def hour_of(at: int) -> int:
    """Return the stamp of the hour's beginning."""
    return at // HOUR * HOUR


# --- Series -----------------------------------------------------------------------------------


def insert_rows(connection: Any, table: str, rows: Sequence[Row]) -> None:
    """Add rows to a series; of two of one device and microsecond SQLite keeps the first."""
    if not rows:
        return
    if connection.vendor == "postgresql":
        _copy_where_there_is_room(connection, table, rows)
        return
    with connection.cursor() as cursor:
        picked = ", ".join(f"json_extract(value, '$[{n}]')" for n in range(len(COLUMNS[table])))
        cursor.execute(
            f"INSERT OR IGNORE INTO {table} SELECT {picked} FROM json_each(%s)",
            [json.dumps(rows)],
        )


def _copy_where_there_is_room(connection: Any, table: str, rows: Sequence[Row]) -> None:
    try:
        with transaction.atomic(using=connection.alias):
            _copy(connection, table, rows)
    except IntegrityError:  # a day that has no partition yet
        add_partitions(connection, {at // DAY * DAY for _, at, *_ in rows})
        _copy(connection, table, rows)


def _copy(connection: Any, table: str, rows: Sequence[Row]) -> None:
    columns = ", ".join(COLUMNS[table])
    with (
        connection.wrap_database_errors,  # Django knows nothing of COPY
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


# --- Statuses that changed ----------------------------------------------------------------------


def _note_changes(connection: Any, samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples whose status is another than the one before; remember the last ones."""
    said = [sample for sample in samples if sample.status is not None]
    if not said:
        return []
    said.sort(key=lambda sample: sample.at)
    standing = _standing(connection, {s.device_id for s in said})
    changed = _changed(said, standing)
    if not changed:
        return []
    # Only now are rows locked, in the order of their ids, and looked at again.
    devices = {sample.device_id for sample in changed}
    if connection.vendor == "postgresql":  # SQLite has no other writer until the end
        standing = _locked(connection, devices, devices - standing.keys())
        changed = _changed([s for s in said if s.device_id in devices], standing)
    last = {sample.device_id: sample for sample in changed}
    rows = [(pk, *_said(s)) for pk, s in sorted(last.items())]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {STANDING} (device_id, at, level, status)"
            f" SELECT {_STANDING_ROWS[connection.vendor]} WHERE true"
            " ON CONFLICT (device_id) DO UPDATE"
            " SET at = excluded.at, level = excluded.level, status = excluded.status",
            [json.dumps(rows)],
        )
    return changed


# Rows from one JSON value. On SQLite a step for each row would let go of the interpreter as often,
# and wait to have it back while the event loop is busy; on PostgreSQL each would be a statement.
_STANDING_ROWS = {
    "sqlite": "json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
    " json_extract(value, '$[2]'), json_extract(value, '$[3]') FROM json_each(%s)",
    "postgresql": "(value->>0)::bigint, (value->>1)::bigint, value->>2, value->>3"
    " FROM jsonb_array_elements(%s::jsonb)",
}


def _changed(said: Iterable[Sample], standing: dict[int, Row]) -> list[Sample]:
    """Go through samples in order of time; one from before the last change says nothing new."""
    now = dict(standing)
    found = []
    for sample in said:
        text = _said(sample)
        before = now.get(sample.device_id)
        if before is None or (text[0] > before[0] and text[1:] != before[1:]):
            now[sample.device_id] = text
            found.append(sample)
    return found


def _standing(connection: Any, devices: Iterable[int], end: str = "") -> dict[int, Row]:
    condition, values = among(connection, "device_id", devices)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT device_id, at, level, status FROM {STANDING} WHERE {condition} {end}", values
        )
        return {pk: (at, level, status) for pk, at, level, status in cursor.fetchall()}


def _locked(connection: Any, devices: Iterable[int], new: set[int]) -> dict[int, Row]:
    """Read what stands and lock it, in the order of ids; what is new has a row to lock first."""
    if new:
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {STANDING} (device_id, at, level, status)"
                " SELECT value::bigint, 0, '', '' FROM jsonb_array_elements(%s::jsonb)"
                " ON CONFLICT DO NOTHING",
                [json.dumps(sorted(new))],
            )
    return _standing(connection, devices, "ORDER BY device_id FOR UPDATE")


def among(connection: Any, column: str, ids: Iterable[int]) -> tuple[str, list[Any]]:
    """Return the condition "one of these numbers", however many, and its one value.

    It is JSON for either database: the driver of PostgreSQL composes arrays in Python.
    """
    listed = {
        "sqlite": "SELECT value FROM json_each(%s)",
        "postgresql": "SELECT value::bigint FROM jsonb_array_elements(%s::jsonb)",
    }[connection.vendor]
    return f"{column} IN ({listed})", [json.dumps(list(ids))]


# --- Counters -----------------------------------------------------------------------------------


def add_counts(connection: Any, counts: Counts) -> None:
    """Add to the hour and the day of each organization, and of the installation; atomic.

    In one order, so that two processes wait for each other and never both.
    """
    total: Counter[tuple[int, str, int, str]] = Counter()
    for (organization, hour, metric), count in counts.items():
        for holder in {organization, EVERYTHING}:
            total[holder, "h", hour, metric] += count
            total[holder, "d", hour // DAY * DAY, metric] += count
    rows = [(*key, count) for key, count in sorted(total.items()) if count]
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {COUNTER} (organization_id, grain, at, metric, count)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (organization_id, grain, at, metric)"
            f" DO UPDATE SET count = {COUNTER}.count + excluded.count",
            rows,
        )


# --- Deletion -----------------------------------------------------------------------------------


def delete_devices(connection: Any, devices: Iterable[int]) -> None:
    """Delete everything of these devices; in the caller's transaction, if there is one."""
    condition, values = among(connection, "device_id", devices)
    with connection.cursor() as cursor:
        for table in (*COLUMNS, STANDING):
            cursor.execute(f"DELETE FROM {table} WHERE {condition}", values)


def delete_organizations(connection: Any, organizations: Iterable[int]) -> None:
    """Delete the counters of these organizations; the installation's stay as they are."""
    condition, values = among(connection, "organization_id", organizations)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {COUNTER} WHERE {condition}", values)
