"""Days of the history on PostgreSQL: made ahead, dropped when they are old."""

# No value is written into the text of a statement but numbers and names made here.
from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.db import DatabaseError, transaction

from telemetry.constants import DAY
from telemetry.places import moment, stamp
from telemetry.schema import SERIES, Series

logger = logging.getLogger(__name__)

DAYS_AHEAD = 7
# One lock of ours, so that two processes do not make the same day at once.
LOCK = 0x7E1E
LOCK_TIMEOUT = "2s"


def add_partitions(connection: Any, days: Iterable[int] = ()) -> list[str]:
    """Make the partitions from yesterday to a week ahead, and of the days that begin at `days`.

    Returns the names of the new ones; those that are there cost one query. Nothing that reads or
    writes waits for it: a day is made as a table of its own and then attached.
    """
    if connection.vendor != "postgresql":
        return []
    today = stamp() // DAY * DAY
    wanted = {today + n * DAY for n in range(-1, DAYS_AHEAD + 1)} | {*days}
    made = []
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        there = set(partitions(connection))
        for series in SERIES:
            for day in sorted(wanted):
                name = partition_name(series, day)
                if name not in there:
                    _add(cursor, series, name, day)
                    made.append(name)
    return made


def _add(cursor: Any, series: Series, name: str, day: int) -> None:
    cursor.execute(f"CREATE TABLE {name} (LIKE {series.table} INCLUDING ALL)")
    cursor.execute(
        f"ALTER TABLE {series.table} ATTACH PARTITION {name}"
        f" FOR VALUES FROM ({day}) TO ({day + DAY})"
    )


def drop_partitions(connection: Any, series: Series, before: int) -> list[str]:
    """Drop the series' days that ended by `before`; return their names.

    A day that somebody reads just now stays until the next time: writers must not queue behind
    a lock that waits.
    """
    last = partition_name(series, before // DAY * DAY)
    old = [name for name in partitions(connection, series) if name < last]
    dropped = []
    for name in old:
        try:
            with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                cursor.execute(f"DROP TABLE {name}")
        except DatabaseError as error:
            logger.warning("%s is in use and stays for now: %s", name, error)
        else:
            dropped.append(name)
    return dropped


def partitions(connection: Any, series: Series | None = None) -> list[str]:
    """Return the names of the days that there are, of one series or of all, the oldest first."""
    tables = [series.table] if series else [each.table for each in SERIES]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " JOIN pg_class p ON p.oid = i.inhparent"
            " WHERE p.relname = ANY(%s) AND pg_table_is_visible(p.oid) ORDER BY c.relname",
            [tables],
        )
        return [name for (name,) in cursor.fetchall()]


def partition_name(series: Series, day: int) -> str:
    """Return the name of the partition of the day that begins at this stamp."""
    return f"{series.table}_{moment(day):%Y%m%d}"
