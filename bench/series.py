"""Run inside a console's environment: time one device's series against the bare driver."""

# Django must be set up before its models are imported.
# ruff: noqa: E402
from __future__ import annotations

import json
import os
import random
import statistics
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.base")

import django

django.setup()

from django.db import transaction

from devices.models import Device
from telemetry.constants import DAY, SECOND
from telemetry.places import history, stamp
from telemetry.ranges import RANGES
from telemetry.schema import CHECKIN
from telemetry.selectors import device_series
from telemetry.writing import insert_rows

DEVICES = 200
INTERVAL = 450 * SECOND
TIMES = 40
FIRST = 1_000_000_000  # ids that no device of this console has


def main() -> None:
    """Fill a week of 200 devices; print how fast, and the times of a week's series both ways."""
    now = stamp()
    rows = [
        (FIRST + device, at, -60.0, 8.0)
        for device in range(DEVICES)
        for at in range(now - 7 * DAY, now, INTERVAL)
    ]
    began = time.perf_counter()
    with transaction.atomic(using=history().alias):
        insert_rows(history(), CHECKIN, rows)
    rate = len(rows) / (time.perf_counter() - began)
    print(json.dumps({"rows": len(rows), "rows_per_second": round(rate), **compared()}))


def compared() -> dict[str, float]:
    """Return the median milliseconds of the selector and of the same SQL by the driver alone."""
    span = RANGES["7d"]
    mark = "%s" if history().vendor == "postgresql" else "?"
    statement = (
        f"SELECT at / {mark}, count(*), avg(rssi), min(rssi), avg(snr) FROM {CHECKIN}"
        f" WHERE device_id = {mark} AND at >= {mark} AND at < {mark} GROUP BY 1"
    )
    history().ensure_connection()
    bare = history().connection.cursor()
    ours, reference = [], []
    for _ in range(TIMES):
        # Two devices, so that neither finds the pages that the other has just read.
        device, other = (FIRST + number for number in random.sample(range(DEVICES), 2))
        steps = span.steps()
        began = time.perf_counter()
        device_series(Device(pk=device), span)
        middle = time.perf_counter()
        bare.execute(statement, (span.step, other, steps.start, steps.stop))
        bare.fetchall()
        ours.append((middle - began) * 1000)
        reference.append((time.perf_counter() - middle) * 1000)
    return {"ours": statistics.median(ours), "bare": statistics.median(reference)}


if __name__ == "__main__":
    main()
