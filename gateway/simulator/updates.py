"""What devices do with firmware: fetch it, install it or fail to, and say so."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from gateway.simulator.devices import SimulatedDevice, State
from gateway.simulator.failures import Mode
from gateway.simulator.web import Digest, PowerLost, Web


@dataclass(frozen=True)
class Offer:
    """Firmware that the console has for a device: its token, and what it is called."""

    ott: str
    version: str

    @classmethod
    def of(cls, said: dict[str, Any]) -> Offer | None:
        """Read the answer of a check-in."""
        if said.get("status") != "FIRMWARE_UPDATE":
            return None
        return cls(str(said.get("ott", "")), str(said.get("version", "")))


@dataclass
class Updates:
    """Downloads and installs, by the mode of each device.

    `part` is how many bytes are asked for at once (0: all), `slow_rate` the bytes a second of
    slow devices, `seconds` between which times a device takes to install and restart.
    """

    web: Web
    tally: Counter[str]
    states: Counter[State]
    part: int = 0
    slow_rate: float = 4096.0
    seconds: tuple[float, float] = (2.0, 6.0)

    def move(self, device: SimulatedDevice, state: State) -> None:
        """Note how far a device is."""
        self.states[device.state] -= 1
        self.states[state] += 1
        device.state = state

    async def take(self, device: SimulatedDevice, offer: Offer) -> None:
        """Fetch what is offered and install it. Raises SimulatorError when it cannot be had."""
        self.move(device, State.DOWNLOADING)
        reboots = device.mode is Mode.REBOOT and device.rebooted_for != offer.version
        digest = Digest(
            rate=self.slow_rate if device.mode is Mode.SLOW else 0.0, stops_half_way=reboots
        )
        try:
            headers = await self.web.firmware(offer.ott, digest, part=self.part)
        except PowerLost:
            device.rebooted_for = offer.version
            self.tally["reboots"] += 1
            self.move(device, State.IDLE)
            return
        finally:
            self.tally["bytes"] += digest.size
        self.tally["downloads"] += 1
        received = digest.sha256.hexdigest()
        if device.mode is Mode.CORRUPT:
            received = received[::-1]
        if received != headers.get("x-sha256"):
            self._refuse(device)
            return
        device.offered, device.told = offer.version, False
        version = headers.get("x-thinx-version") or offer.version.rpartition(":")[2]
        self.move(device, State.INSTALLING)
        self._install(device, offer, version, headers.get("x-thinx-env-hash", ""))

    def pause(self, device: SimulatedDevice) -> float:
        """Return how long the device takes until it is back."""
        return device.chance().uniform(*self.seconds)

    def settle(self, device: SimulatedDevice) -> bool:
        """Note what a device came to that installed something and was heard after it."""
        if device.state is not State.INSTALLING or not device.told:
            return False
        if device.mode is Mode.FAIL_INSTALL:
            self._end(device, State.FAILED, "rolled back")
        elif device.mode is Mode.OLD_VERSION:
            self._end(device, State.FAILED, "old versions reported")
        else:
            self._end(device, State.UPDATED, "updates")
        return True

    def _install(self, device: SimulatedDevice, offer: Offer, version: str, env_hash: str) -> None:
        if device.mode is Mode.FAIL_INSTALL:
            device.rolled_back(version)
        elif device.mode is not Mode.OLD_VERSION:
            device.installed(offer.version, version, env_hash)

    def _refuse(self, device: SimulatedDevice) -> None:
        device.words = "update refused: the file is not what its digest says"
        self._end(device, State.FAILED, "corrupt downloads")

    def _end(self, device: SimulatedDevice, state: State, counted: str) -> None:
        self.tally[counted] += 1
        self.move(device, state)


def spread(chance: random.Random, interval: float) -> float:
    """Return the pause until the next check-in: about the interval."""
    return interval * chance.uniform(0.7, 1.3)
