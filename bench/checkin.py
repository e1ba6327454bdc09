"""One check-in against a bare Django view with one SELECT and one UPDATE, same server and data."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.load import CONNECTIONS, SECONDS, Fleet, load
from bench.measure import Result, interleaved, median, rounded
from tests.support.console import ROOT, RunningConsole
from tests.support.services import free_port, running

TIMES = 3


def measure(console: RunningConsole, fleet: Fleet, *, database: str, devices: int) -> Result:
    """Return the rate of both, measured in turns."""
    runs: dict[str, list[dict[str, Any]]] = {"ours": [], "bare": []}
    with our_server(console, database) as (served, ours_url), bare_server(console) as url:

        def ours() -> float:
            before = console.cpu_seconds()
            found = load(ours_url, fleet)
            found["cpu_ms_each"] = (console.cpu_seconds() - before) / found["requests"] * 1000
            runs["ours"].append(found)
            return found["rate"]

        def bare() -> float:
            runs["bare"].append(load(url, fleet))
            return runs["bare"][-1]["rate"]

        load(ours_url, fleet, 1)
        load(url, fleet, 1)
        rates, references = interleaved(TIMES, ours, bare)
    return Result(
        name="check-in POST /device/register",
        unit="requests/s",
        better="more",
        ours=median(rates),
        reference=median(references),
        reference_name="bare Django view, SELECT + UPDATE, granian WSGI 2 x 2",
        database=database,
        rows=f"{devices:,} devices",
        details={
            "server": served,
            "load": f"{runs['ours'][0]['generator']}, {CONNECTIONS} connections, {SECONDS} s each",
            "ours_all": rounded(rates),
            "reference_all": rounded(references),
            "p50_ms": median([run["p50_ms"] for run in runs["ours"]]),
            "p99_ms": median([run["p99_ms"] for run in runs["ours"]]),
            "reference_p50_ms": median([run["p50_ms"] for run in runs["bare"]]),
            "cpu_ms_each_all_processes": median([run["cpu_ms_each"] for run in runs["ours"]]),
        },
    )


@contextlib.contextmanager
def our_server(console: RunningConsole, database: str) -> Iterator[tuple[str, str]]:
    """Serve the console as people do: SQLite by `make run`, PostgreSQL as deploy/ has it."""
    if database.startswith("SQLite"):
        yield "make run", console.url
        return
    options = (
        *("--interface", "asginl", "--loop", "uvloop"),
        *("--backlog", "4096", "--backpressure", "10000"),
    )
    with granian(console, "thinx_console.asgi:application", *options) as url:
        yield "granian, ASGI, 2 processes", url


@contextlib.contextmanager
def bare_server(console: RunningConsole) -> Iterator[str]:
    """Serve bench.bare as fast as granian serves a Django view: WSGI, two processes, threads."""
    options = ("--interface", "wsgi", "--blocking-threads", "2")
    with granian(console, "bench.bare:application", *options) as url:
        yield url


@contextlib.contextmanager
def granian(console: RunningConsole, application: str, *options: str) -> Iterator[str]:
    """Run two processes of the web server in the console's environment."""
    port = free_port()
    argv = [
        sys.executable, "-m", "granian", "--workers", "2", "--host", "127.0.0.1",
        "--port", str(port), "--no-access-log", *options, application,
    ]  # fmt: skip
    log = Path(console.data) / "log" / "bench-server.log"
    with running(argv, ready=lambda: _listens(port), log=log, cwd=ROOT, env=console.env):
        yield f"http://127.0.0.1:{port}"


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
