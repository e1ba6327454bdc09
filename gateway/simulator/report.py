"""What became of a simulation, in exact counts."""

from __future__ import annotations

import time
from array import array
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.simulator.simulation import Simulation

MOST_LATENCIES = 200_000


class Latencies:
    """How long answers took; the newest of them, bounded."""

    def __init__(self) -> None:
        self._values = array("f")
        self._place = 0

    def add(self, seconds: float) -> None:
        """Keep one."""
        if len(self._values) < MOST_LATENCIES:
            self._values.append(seconds)
        else:
            self._values[self._place] = seconds
            self._place = (self._place + 1) % MOST_LATENCIES

    def at(self, share: float) -> float:
        """Return what this share of answers did not exceed; 0 without any."""
        found = sorted(self._values)
        return round(found[min(len(found) - 1, int(share * len(found)))], 4) if found else 0.0


def report(simulation: Simulation) -> dict[str, Any]:
    """Return counts by state, mode and version, everything tallied, and how fast answers were."""
    devices = simulation.devices
    return {
        "devices": len(devices),
        "seconds": round(simulation.seconds or time.monotonic() - simulation.began_at, 3),
        "states": {state: n for state, n in sorted(simulation.states.items()) if n},
        "modes": dict(sorted(Counter(device.mode for device in devices).items())),
        "versions": dict(sorted(Counter(device.version for device in devices).items())),
        "connected": sum(device.link is not None for device in devices),
        "tally": dict(sorted(simulation.tally.items())),
        "latency_seconds": {
            name: simulation.living.latencies.at(share)
            for name, share in (("p50", 0.5), ("p99", 0.99), ("slowest", 1.0))
        },
        "last_error": simulation.last_error,
    }
