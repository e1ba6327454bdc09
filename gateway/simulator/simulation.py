"""Many devices in one event loop: turns, connections, downloads, and what became of them."""

from __future__ import annotations

import asyncio
import math
import random
import resource
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.simulator.devices import SimulatedDevice, State
from gateway.simulator.failures import Failures, Mode
from gateway.simulator.living import Living
from gateway.simulator.mqtt import Broker
from gateway.simulator.report import report
from gateway.simulator.updates import Updates
from gateway.simulator.web import Web

MOST_DEVICES = 20_000
LOOK_SECONDS, FULL_SECONDS = 0.05, 0.002
PING_SECONDS = 5.0
ENDING_SECONDS = 30.0

Until = float | Callable[["Simulation"], bool] | None


@dataclass
class Simulation:
    """A fleet. `run` lives its life; `tally`, `states` and `report` say what became of it.

    `mqtt` is the broker's address, `mqtt_share` the share of devices that use it for all but
    their first check-in. `spread` is the seconds within which all call for the first time,
    `connections` how many check in at once, `downloads` how many fetch firmware at once. `udids`
    are those of a fleet that the console knows already. Times are in seconds.
    """

    url: str
    api_key: str = field(repr=False)
    owner: str
    count: int = 50
    interval: float = 15.0
    seed: int = 1
    mqtt: str = ""
    mqtt_share: float = 1.0
    failures: Failures = field(default_factory=Failures)
    spread: float | None = None
    connections: int = 64
    keep_alive: bool = True
    downloads: int = 64
    part: int = 0
    slow_rate: float = 4096.0
    install_seconds: tuple[float, float] = (2.0, 6.0)
    ca_file: str = ""
    udids: Sequence[str] = ()
    tally: Counter[str] = field(default_factory=Counter)
    states: Counter[State] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.web = Web(self.url, self.api_key, ca_file=self.ca_file, keep_alive=self.keep_alive)
        broker = Broker.of(self.mqtt, ca_file=self.ca_file) if self.mqtt else None
        self.devices = self._made()
        self.states[State.NEW] = self.count
        updates = Updates(
            self.web, self.tally, self.states, self.part, self.slow_rate, self.install_seconds
        )
        self.living = Living(self.web, broker, self.api_key, self.interval, updates, self.tally)
        self._schedule, self._offers = self.living.schedule, self.living.offers
        self._turns: set[asyncio.Task[None]] = set()
        self._fetching: set[asyncio.Task[None]] = set()
        self._fetching_slowly: set[asyncio.Task[None]] = set()
        self._stopped = False
        self.began_at = time.monotonic()
        self.seconds = 0.0

    def _made(self) -> list[SimulatedDevice]:
        modes = self.failures.modes(self.count, self.seed)
        listening = round(self.count * self.mqtt_share) if self.mqtt else 0
        order = list(range(self.count))
        random.Random(f"{self.seed}/mqtt").shuffle(order)  # noqa: S311 - play, not secrets
        over_mqtt = set(order[:listening])
        devices = [
            SimulatedDevice(n, self.seed, self.owner, mode=modes[n], over_mqtt=n in over_mqtt)
            for n in range(self.count)
        ]
        for device, udid in zip(devices, self.udids, strict=False):
            device.udid = udid
        return devices

    # --- Life ------------------------------------------------------------------------------------

    def run(self, until: Until = None, *, within: float = math.inf) -> bool:
        """Live for some seconds, until something is so, or until stopped.

        Returns False when `within` seconds were over before `until` was so.
        """
        return asyncio.run(self.live(until, within=within))

    def stop(self) -> None:
        """End soon; safe from a signal handler or another thread."""
        self._stopped = True

    async def live(self, until: Until = None, *, within: float = math.inf) -> bool:
        """Do what `run` does, in a loop that is there."""
        _allow_files(2 * self.count + self.connections + self.downloads)
        self.began_at = time.monotonic()
        self._begin()
        pinging = asyncio.create_task(self._ping()) if self.mqtt else None
        try:
            return await self._dispatch(until, self.began_at + within)
        finally:
            if pinging is not None:
                pinging.cancel()
            await self._end()
            self.seconds = time.monotonic() - self.began_at

    @property
    def last_error(self) -> str:
        """Return what went wrong last, in words."""
        return self.living.last_error

    def report(self) -> dict[str, Any]:
        """Return what became of every device, in exact counts."""
        return report(self)

    def _begin(self) -> None:
        chance = random.Random(f"{self.seed}/spread")  # noqa: S311 - play, not secrets
        width = min(self.interval, 5.0) if self.spread is None else self.spread
        for device in self.devices:
            self._schedule.put(device, self.began_at + chance.uniform(0, width))

    async def _dispatch(self, until: Until, deadline: float) -> bool:
        ends = self.began_at + until if isinstance(until, int | float) else math.inf
        looked_at = 0.0
        while not self._stopped:
            now = time.monotonic()
            self._start(now)
            if now >= ends:
                return True
            if callable(until) and now - looked_at >= LOOK_SECONDS:
                looked_at = now
                if until(self):
                    return True
            if now >= deadline:
                return False
            await asyncio.sleep(self._pause(now))
        return until is None

    def _start(self, now: float) -> None:
        """Start the turns and downloads that are due and have room."""
        while len(self._turns) < self.connections and (device := self._schedule.pop(now)):
            if device.busy:
                self._schedule.put(device, now + LOOK_SECONDS)
            else:
                device.busy = True
                self._task(self._turns, self.living.turn(device))
        while self._offers and len(self._fetching) < self.downloads:
            device, offer = self._offers.popleft()
            slow = device.mode is Mode.SLOW
            self._task(
                self._fetching_slowly if slow else self._fetching, self.living.fetch(device, offer)
            )

    def _pause(self, now: float) -> float:
        """Return how long nothing has to be started; short while something waits for room."""
        is_full = len(self._turns) >= self.connections or bool(self._offers)
        wanted = FULL_SECONDS if is_full else self._schedule.next - now
        return min(LOOK_SECONDS, max(0.0, wanted))

    def _task(self, kind: set[asyncio.Task[None]], what: Any) -> None:
        task = asyncio.create_task(what)
        kind.add(task)
        task.add_done_callback(kind.discard)

    async def _end(self) -> None:
        """Let what was asked be answered; then all lose their power."""
        if self._turns:
            _, unknown = await asyncio.wait(self._turns, timeout=ENDING_SECONDS)
            self.tally["unanswered"] += len(unknown)
        left = [*self._turns, *self._fetching, *self._fetching_slowly]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self.web.close()
        for device in self.devices:
            self.living.unlink(device)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            now = time.monotonic()
            for device in self.devices:
                if device.link is not None:
                    device.link.ping(now)


def _allow_files(wanted: int) -> None:
    """Let this process have a connection for each device, as far as it may."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if wanted > now:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most if most > 0 else wanted, most))
