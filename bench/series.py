"""Run inside a console's environment: time one device's series against the bare driver."""

# Django must be set up before its models are imported.
# ruff: noqa: E402
from __future__ import annotations

import itertools
import json
import os
import random
import statistics
import time
from collections.abc import Iterator

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.base")

import django

django.setup()

from django.db import transaction

from devices.models import Device
from telemetry.constants import DAY
from telemetry.places import history, stamp
from telemetry.ranges import RANGES, Range
from telemetry.schema import CHECKIN
from telemetry.selectors import device_series
from telemetry.writing import insert_rows

# Ten million check-ins: a week of so many devices, each 500 times a day.
DEVICES = 2_858
A_DAY = 500
BATCH = 100_000
TIMES = 200
FIRST = 1_000_000_000  # ids that no device of this console has


def main() -> None:
    """Fill a week; print how fast, and the times of a day's and a week's series both ways."""
    rows = as_they_came(stamp())
    began, kept = time.perf_counter(), 0
    while batch := list(itertools.islice(rows, BATCH)):
        with transaction.atomic(using=history().alias):
            insert_rows(history(), CHECKIN, batch)
        kept += len(batch)
    rate = kept / (time.perf_counter() - began)
    found = {slug: compared(RANGES[slug]) for slug in ("24h", "7d")}
    print(json.dumps({"rows": kept, "rows_per_second": round(rate), **found}))


def as_they_came(now: int) -> Iterator[tuple[int, int, float, float]]:
    """Yield check-ins in the order of time, so that those of one device lie far apart."""
    for at in range(now - 7 * DAY, now, DAY // A_DAY):
        for device in range(DEVICES):
            yield FIRST + device, at + device, -60.0, 8.0


def compared(span: Range) -> dict[str, float]:
    """Return the milliseconds of the selector and of the same SQL by the driver alone."""
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
        asked = Device(pk=device)
        began = time.perf_counter()
        device_series(asked, span)
        middle = time.perf_counter()
        bare.execute(statement, (span.step, other, steps.start, steps.stop))
        bare.fetchall()
        ours.append((middle - began) * 1000)
        reference.append((time.perf_counter() - middle) * 1000)
    return {
        "ours": statistics.median(ours),
        "bare": statistics.median(reference),
        "ours_p95": statistics.quantiles(ours, n=20)[-1],
        "bare_p95": statistics.quantiles(reference, n=20)[-1],
    }


if __name__ == "__main__":
    main()
