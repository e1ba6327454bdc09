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


def main(query: str) -> None:
    """Print the median time of the page, its queries and how many rows there are."""
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(), backend="accounts.backends.EmailBackend")
    url = reverse("devices:device_list") + query
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        answer = client.get(url)
        times.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"{url}: {answer.status_code}")
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    print(
        json.dumps(
            {
                "milliseconds": round(statistics.median(times[2:]), 2),
                "slowest": round(max(times[2:]), 2),
                "queries": len(queries),
                "bytes": len(answer.content),
                "devices": Device.objects.count(),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
