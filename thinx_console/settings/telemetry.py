"""The history of devices: where it is, and for how long."""

from __future__ import annotations

from thinx_console.env import env_int, env_secret

TELEMETRY_DATABASE_URL = env_secret(
    "THINX_TELEMETRY_DATABASE_URL",
    "",
    help="A database of its own for the history of devices. Empty: telemetry.sqlite3 in the "
    "data folder if the main database is SQLite, the main database if it is PostgreSQL.",
)
TELEMETRY_CHECKIN_DAYS = env_int(
    "THINX_TELEMETRY_CHECKIN_DAYS",
    "31",
    help="Days that check-ins, signal and hourly figures are kept; 0 keeps them all.",
)
TELEMETRY_STATUS_DAYS = env_int(
    "THINX_TELEMETRY_STATUS_DAYS",
    "90",
    help="Days that changes of a device's status are kept; 0 keeps them all.",
)
TELEMETRY_COUNTER_DAYS = env_int(
    "THINX_TELEMETRY_COUNTER_DAYS",
    "400",
    help="Days that daily figures are kept; 0 keeps them all.",
)
# Tests have what is recorded written on the spot.
TELEMETRY_INLINE = False
