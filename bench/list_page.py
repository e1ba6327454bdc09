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
from bench.fill import FEW, SMALL
from devices.models import Device

TIMES = 15


def main(queries: list[str]) -> None:
    """Print, for each query string, the times and queries of the page with many and with few."""
    clients = {"few": signed_in(email=SMALL), "many": signed_in(email__gt="", exclude=SMALL)}
    pages = {query: compare(clients, reverse("devices:device_list") + query) for query in queries}
    rows = Device.objects.count()
    print(json.dumps({"devices": rows - FEW, "few": FEW, "pages": pages}))


def signed_in(*, exclude: str = "", **lookup: str) -> Client:
    """Return a browser of the one person that this finds."""
    client = Client(HTTP_HOST="127.0.0.1")
    user = User.objects.exclude(email=exclude).get(**lookup)
    client.force_login(user, backend="accounts.backends.EmailBackend")
    return client


def compare(clients: dict[str, Client], url: str) -> dict[str, dict[str, float]]:
    """Fetch the page for each in turns; return what it takes them."""
    found: dict[str, dict[str, list[float]]] = {name: {"wall": [], "cpu": []} for name in clients}
    for turn in range(TIMES + 1):
        for name, client in clients.items():
            began, used = time.perf_counter(), time.process_time()
            answer = client.get(url)
            if answer.status_code != 200:
                raise SystemExit(f"{url}: {answer.status_code}")
            if turn:
                found[name]["wall"].append((time.perf_counter() - began) * 1000)
                found[name]["cpu"].append((time.process_time() - used) * 1000)
    return {name: summary(clients[name], url, times) for name, times in found.items()}


def summary(client: Client, url: str, times: dict[str, list[float]]) -> dict[str, float]:
    """Return the times in short, with the number of queries."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url)
    return {
        "milliseconds": round(statistics.median(times["wall"]), 2),
        "fastest": round(min(times["wall"]), 2),
        "cpu_milliseconds": round(statistics.median(times["cpu"]), 2),
        "queries": len(queries),
        "bytes": len(answer.content),
    }


if __name__ == "__main__":
    main(sys.argv[1:] or [""])
