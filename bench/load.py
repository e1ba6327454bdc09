"""Check-ins as fast as they are answered: by wrk where it is, else by threads of our own."""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SECONDS = 4
CONNECTIONS = 64
SCRIPT = Path(__file__).parent / "load.lua"


@dataclass(frozen=True)
class Fleet:
    """Who checks in: the devices' ids in a file, their owner and the key they have."""

    udids: Path
    owner: str
    api_key: str

    def environment(self) -> dict[str, str]:
        """Return what wrk's script reads."""
        return {
            "PATH": os.environ["PATH"],
            "BENCH_UDIDS": str(self.udids),
            "BENCH_OWNER": self.owner,
            "BENCH_KEY": self.api_key,
        }


def load(url: str, fleet: Fleet, seconds: int = SECONDS) -> dict[str, Any]:
    """Send check-ins for some seconds; return requests, rate, errors and latencies."""
    found = (
        _by_wrk(url, fleet, seconds) if shutil.which("wrk") else _by_threads(url, fleet, seconds)
    )
    if found["errors"] or found["refused"] or not found["requests"]:
        raise RuntimeError(f"not every check-in was answered by 200: {found}")
    return {**found, "rate": found["requests"] / found["seconds"]}


def _by_wrk(url: str, fleet: Fleet, seconds: int) -> dict[str, Any]:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(SCRIPT), url]
    done = subprocess.run(
        command, env=fleet.environment(), capture_output=True, text=True, check=True
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("JSON "))
    return {**json.loads(line.removeprefix("JSON ")), "generator": "wrk"}


def _by_threads(url: str, fleet: Fleet, seconds: int) -> dict[str, Any]:
    udids = fleet.udids.read_text().split()
    times: list[float] = []
    refused: list[int] = []
    deadline = time.monotonic() + seconds

    def send() -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
        headers = {"Authentication": fleet.api_key, "Content-Type": "application/json"}
        while time.monotonic() < deadline:
            said = {"owner": fleet.owner, "udid": random.choice(udids), "mac": "", "status": "ok"}
            began = time.perf_counter()
            connection.request(
                "POST", "/device/register", json.dumps({"registration": said}), headers
            )
            answer = connection.getresponse()
            answer.read()
            times.append(time.perf_counter() - began)
            if answer.status != 200:
                refused.append(answer.status)

    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "requests": len(times), "seconds": seconds, "errors": 0, "refused": len(refused),
        "p50_ms": statistics.median(times) * 1000,
        "p99_ms": statistics.quantiles(times, n=100)[98] * 1000, "generator": "threads",
    }  # fmt: skip
