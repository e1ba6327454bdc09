"""Names and limits of the history."""

from __future__ import annotations

KEEP_TASK = "telemetry.keep"
SECOND = 1_000_000  # times in these tables are whole microseconds since 1970, UTC
HOUR = 3600 * SECOND
DAY = 24 * HOUR
# Counters of the whole installation stand under this organization, which no row has.
EVERYTHING = 0
