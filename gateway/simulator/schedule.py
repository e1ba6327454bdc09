"""Whose turn it is, and when."""

from __future__ import annotations

import heapq
import math

from gateway.simulator.devices import SimulatedDevice


class Schedule:
    """Devices by the moment of their next turn; each has one at most, in `due`."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._devices: dict[int, SimulatedDevice] = {}

    def put(self, device: SimulatedDevice, moment: float) -> None:
        """Have the device's turn come then, or earlier if that was said before."""
        if moment < device.due:
            device.due = moment
            self._devices[device.number] = device
            heapq.heappush(self._heap, (moment, device.number))

    def pop(self, now: float) -> SimulatedDevice | None:
        """Return a device whose turn has come; it has no next one then."""
        while self._heap and self._heap[0][0] <= now:
            moment, number = heapq.heappop(self._heap)
            device = self._devices[number]
            if device.due == moment:
                device.due = math.inf
                return device
        return None

    @property
    def next(self) -> float:
        """Return the moment of the first turn to come."""
        return self._heap[0][0] if self._heap else math.inf
