"""The tables of the history, for both databases.

They are series: one device's rows of some time, in order of time, thousands of new ones a second,
and old ones dropped by the day. Django's models can say none of that, so the app has none.

- PostgreSQL: a partition for each day, with a btree on device and time; dropping a day is dropping
  a table.
- SQLite: WITHOUT ROWID, the primary key being device and time: a third of the size of a table with
  an index, and a device's rows lie together.

Times are whole microseconds (`telemetry.places.stamp`), so that one SQL reads both databases:
`to_timestamp(at / 1e6)`, `datetime(at / 1000000, 'unixepoch')`.
"""

from __future__ import annotations

from dataclasses import dataclass

CHECKIN = "telemetry_checkin"
STATUS = "telemetry_status"
STANDING = "telemetry_standing"
COUNTER = "telemetry_counter"


@dataclass(frozen=True)
class Series:
    """A table of one row per device and moment; `columns` follow device_id and at.

    `kept_by` names the setting that says for how many days; 0 keeps them all.
    """

    table: str
    columns: tuple[tuple[str, str], ...]
    kept_by: str

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all columns."""
        return ("device_id", "at", *(name for name, _ in self.columns))


SERIES = (
    Series(CHECKIN, (("rssi", "real"), ("snr", "real")), "TELEMETRY_CHECKIN_DAYS"),
    Series(
        STATUS,
        (("level", "varchar(8) NOT NULL"), ("status", "varchar(400) NOT NULL")),
        "TELEMETRY_STATUS_DAYS",
    ),
)

# What each device last said, so that a status is kept only when it changes.
STANDING_TABLE = f"""
CREATE TABLE {STANDING} (
  device_id bigint NOT NULL PRIMARY KEY,
  at bigint NOT NULL,
  level varchar(8) NOT NULL,
  status varchar(400) NOT NULL)
"""
# `grain` is h or d, for the hour or the UTC day that begins at `at`.
COUNTER_TABLE = f"""
CREATE TABLE {COUNTER} (
  organization_id bigint NOT NULL,
  grain char(1) NOT NULL,
  at bigint NOT NULL,
  metric varchar(32) NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (organization_id, grain, at, metric))
"""


def create_statements(vendor: str) -> list[str]:
    """Return what makes the tables."""
    made = []
    for series in SERIES:
        columns = ["device_id bigint NOT NULL", "at bigint NOT NULL"]
        columns += [f"{name} {kind}" for name, kind in series.columns]
        inside = ", ".join(columns)
        if vendor == "postgresql":
            index = f"{series.table}_by_device ON {series.table} (device_id, at)"
            made += [
                f"CREATE TABLE {series.table} ({inside}) PARTITION BY RANGE (at)",
                f"CREATE INDEX {index}",
            ]
        else:
            key = "PRIMARY KEY (device_id, at)"
            made.append(f"CREATE TABLE {series.table} ({inside}, {key}) WITHOUT ROWID")
    end = "" if vendor == "postgresql" else " WITHOUT ROWID"
    return [*made, STANDING_TABLE + end, COUNTER_TABLE + end]


def drop_statements() -> list[str]:
    """Return what removes them; a table of partitions takes these along."""
    tables = [*(series.table for series in SERIES), STANDING, COUNTER]
    return [f"DROP TABLE IF EXISTS {table}" for table in tables]
