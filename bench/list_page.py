"""Run inside a console's environment: time the device list and count its queries."""

# Django must be set up before its models are imported.
# ruff: noqa: E402
from __future__ import annotations

import json
import os
import statistics
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thinx_console.settings.base")

import django

django.setup()

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from devices.models import Device

TIMES = 15


def main(queries: list[str]) -> None:
    """Print, for each query string, the median times of the page and its number of queries."""
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(), backend="accounts.backends.EmailBackend")
    pages = {query: measure(client, reverse("devices:device_list") + query) for query in queries}
    print(json.dumps({"devices": Device.objects.count(), "pages": pages}))


def measure(client: Client, url: str) -> dict[str, float]:
    """Return what one page takes, on the clock and of the processor."""
    client.get(url)
    wall, cpu = [], []
    for _ in range(TIMES):
        began, used = time.perf_counter(), time.process_time()
        answer = client.get(url)
        wall.append((time.perf_counter() - began) * 1000)
        cpu.append((time.process_time() - used) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{url}: {answer.status_code}")
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    return {
        "milliseconds": round(statistics.median(wall), 2),
        "fastest": round(min(wall), 2),
        "cpu_milliseconds": round(statistics.median(cpu), 2),
        "queries": len(queries),
        "bytes": len(answer.content),
    }


if __name__ == "__main__":
    main(sys.argv[1:] or [""])
