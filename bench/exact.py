"""Simulated load on a console, and whether all that was acknowledged is stored: storm and soak."""

from __future__ import annotations

import json
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.measure import Result
from gateway.simulator import Simulation, State
from tests.support.console import RunningConsole

SEED = 7
Inside = Callable[..., dict[str, Any]]

# What R4 asks for: all call within so many seconds, and all are served within so many.
STORM_SECONDS, SERVED_SECONDS = 10.0, 120.0
STORM_LONGEST = 300.0
MEASURED_SECONDS = 5.0
SAMPLES = 40
SETTLED_SECONDS = 60.0


@contextmanager
def fleet(
    console: RunningConsole, inside: Inside, count: int
) -> Iterator[Callable[..., Simulation]]:
    """Have a fleet that the console knows; give what simulates it."""
    with tempfile.TemporaryDirectory(prefix="thinx-bench-") as folder:
        file = Path(folder) / "udids"
        known = inside(console, "bench.simulated", "fill", f"{count}", f"{SEED}", f"{file}")
        udids = file.read_text().split()

        def make(**options: Any) -> Simulation:
            who = {"api_key": known["api_key"], "owner": known["owner"], "udids": udids}
            return Simulation(console.url, **{"count": count, "seed": SEED, **who, **options})

        yield make


def storm(console: RunningConsole, inside: Inside, *, database: str, devices: int) -> Result:
    """Have all devices come back at once, each on a connection of its own."""
    before = set(console.pids())
    with fleet(console, inside, devices) as make:
        simulation = make(
            interval=SERVED_SECONDS, spread=STORM_SECONDS, connections=devices, keep_alive=False
        )
        is_served = simulation.run(lambda s: not s.states[State.NEW], within=STORM_LONGEST)
        compared = settled(console, inside, [simulation])
    found = simulation.report()
    lost = sum(device.acknowledged == 0 for device in simulation.devices)
    tally = simulation.tally
    if not is_served or lost or compared["wrong"] or not before <= set(console.pids()):
        raise RuntimeError(f"the storm was not survived: {lost} lost, {compared}, {found}")
    return Result(
        name=f"reconnect storm, all within {STORM_SECONDS:.0f} s",
        unit="s",
        better="less",
        ours=found["seconds"],
        reference=SERVED_SECONDS,
        reference_name="all served, the target",
        database=database,
        rows=f"{devices:,} devices",
        details={
            "asked_to_wait_503": tally["asked to wait"],
            "connection_errors": tally["errors"],
            "latency_seconds": found["latency_seconds"],
            "health_afterwards": _health(console),
            **compared,
        },
    )


def soak(
    console: RunningConsole, inside: Inside, *, database: str, devices: int, minutes: float
) -> Result:
    """Load at the rate that a short run finds, and look at every process's memory meanwhile."""
    with fleet(console, inside, devices) as make:
        first = make(interval=0.1, spread=0.1)
        first.run(MEASURED_SECONDS)
        rate = first.tally["check-ins"] / first.seconds
        simulation = make(interval=devices / rate, spread=devices / rate)
        memory = Memory(console, minutes * 60 / SAMPLES)
        with memory:
            simulation.run(minutes * 60)
        compared = settled(console, inside, [first, simulation])
    if compared["wrong"]:
        raise RuntimeError(f"what is stored is not what was acknowledged: {compared}")
    return Result(
        name=f"check-ins stored of those acknowledged, {minutes:g} min",
        unit="check-ins",
        better="more",
        ours=compared["stored"],
        reference=compared["acknowledged"],
        reference_name="acknowledged to the devices",
        database=database,
        rows=f"{devices:,} devices",
        details={
            "measured_rate": round(rate, 1),
            "kept_rate": round(simulation.tally["check-ins"] / simulation.seconds, 1),
            "latency_seconds": simulation.report()["latency_seconds"],
            "errors": simulation.tally["errors"],
            "memory_mb": memory.report(),
            **compared,
        },
    )


def settled(
    console: RunningConsole, inside: Inside, simulations: list[Simulation]
) -> dict[str, Any]:
    """Compare what devices were told with what is stored, once the history has caught up.

    A device whose connection broke does not know whether it was stored; it may be stored once
    more for each such time, and no more.
    """
    acknowledged: dict[str, int] = {}
    for simulation in simulations:
        for device in simulation.devices:
            acknowledged[device.udid] = acknowledged.get(device.udid, 0) + device.acknowledged
    unknown = sum(simulation.tally["unanswered"] for simulation in simulations)
    with tempfile.TemporaryDirectory(prefix="thinx-bench-") as folder:
        file = Path(folder) / "stored"
        deadline = time.monotonic() + SETTLED_SECONDS
        found = inside(console, "bench.simulated", "count", f"{file}")
        while found["counted"] != found["stored"] and time.monotonic() < deadline:
            time.sleep(1)
            found = inside(console, "bench.simulated", "count", f"{file}")
        stored = json.loads(file.read_text())
    fewer = sum(stored.get(udid, 0) < count for udid, count in acknowledged.items())
    total = sum(acknowledged.values())
    more = found["stored"] - total
    history = found["history_rows"] + found["left_out"]
    wrong = bool(fewer or not 0 <= more <= unknown)
    wrong = wrong or not found["stored"] == found["counted"] == history
    return {"acknowledged": total, "answer_unknown": unknown, "wrong": wrong, **found}


class Memory:
    """Looks at the memory of each process of a console, now and then, while the block lasts."""

    def __init__(self, console: RunningConsole, pause: float) -> None:
        self._console, self._pause = console, pause
        self._seen: dict[int, list[float]] = {}
        self._names: dict[int, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def report(self) -> dict[str, list[float]]:
        """Return megabytes of each process that lived throughout: early, each quarter, last."""
        most = max(map(len, self._seen.values()), default=0)
        return {
            f"{self._names[pid]} {pid}": [seen[int(most * part)] for part in (0.1, 0.25, 0.5, 0.75)]
            + seen[-1:]
            for pid, seen in sorted(self._seen.items())
            if len(seen) == most
        }

    def _look(self) -> None:
        while not self._stop.wait(self._pause):
            for pid in self._console.pids():
                if (size := resident(pid)) is not None:
                    self._seen.setdefault(pid, []).append(size)
                    self._names.setdefault(pid, name_of(pid))


def resident(pid: int) -> float | None:
    """Return the resident memory of a process in megabytes; None when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    return round(pages * 4096 / 1e6, 1)


def name_of(pid: int) -> str:
    """Return what a process is, in a word or two."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return "?"
    known = ("redis-server", "mqtt_broker", "granian", "celery", "supervisor")
    line = " ".join(words)
    kind = next((word for word in known if word in line), Path(words[0]).name)
    return f"{kind} beat" if kind == "celery" and " beat" in line else kind


def _health(console: RunningConsole) -> int:
    with urllib.request.urlopen(f"{console.url}/health/live", timeout=30) as answer:
        return answer.status
