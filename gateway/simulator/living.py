"""What devices do when it is their turn, and when they are told something."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from gateway.simulator.devices import UNKNOWN, SimulatedDevice, State
from gateway.simulator.failures import Mode
from gateway.simulator.mqtt import Broker, Link, linked
from gateway.simulator.report import Latencies
from gateway.simulator.schedule import Schedule
from gateway.simulator.updates import Offer, Updates, spread
from gateway.simulator.web import SimulatorError, Web

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
GONE, HERE = b'{"status":"disconnected"}', b'{"status":"connected"}'


@dataclass
class Living:
    """The life of every device: `turn` is one check-in, `fetch` one update.

    Each ends by saying when the device's next turn is. `offers` is what waits to be fetched.
    """

    web: Web
    broker: Broker | None
    api_key: str = field(repr=False)
    interval: float
    updates: Updates
    tally: Counter[str]
    schedule: Schedule = field(default_factory=Schedule)
    offers: deque[tuple[SimulatedDevice, Offer]] = field(default_factory=deque)
    latencies: Latencies = field(default_factory=Latencies)
    last_error: str = ""

    async def turn(self, device: SimulatedDevice) -> None:
        wait = spread(device.chance(), self.interval)
        try:
            if self.broker is not None and device.over_mqtt and device.udid != UNKNOWN:
                await self._say(device, self.broker)
            else:
                began = time.monotonic()
                said = await self.web.register(device.registration())
                self.latencies.add(time.monotonic() - began)
                device.words = ""
                self._take(device, said, is_answer=True)
        except SimulatorError as error:
            wait = self._failed(device, error)
        finally:
            device.busy = False
        if device.state not in {State.OFFERED, State.SILENT}:
            self._later(device, wait)

    async def _say(self, device: SimulatedDevice, broker: Broker) -> None:
        """Check in over MQTT; the answer comes on the device's topic."""
        topic = f"/{device.owner}/{device.udid}"
        if device.link is None:
            device.link = link = await linked(
                broker, lambda _, payload: self._heard(device, payload), lambda: self._lost(device)
            )
            await self._sign_in(link, device, topic)
            self.tally["mqtt connections"] += 1
            link.publish(f"{topic}/status", HERE)
        if device.is_asked:
            self.tally["unanswered"] += 1
        if device.link is not None:
            device.is_asked = True
            said = json.dumps({"registration": device.registration()}, separators=(",", ":"))
            device.link.publish(f"{topic}/status", said.encode(), qos=1)

    async def _sign_in(self, link: Link, device: SimulatedDevice, topic: str) -> None:
        try:
            await link.sign_in(device.mac, device.udid, self.api_key, (f"{topic}/status", GONE))
            await link.subscribe(topic)
        except SimulatorError:
            device.link = None
            link.close()
            raise

    def _heard(self, device: SimulatedDevice, payload: bytes) -> None:
        """Take a message of the device's topic: an answer, or configuration."""
        self.tally["mqtt messages"] += 1
        said = None
        with contextlib.suppress(ValueError):
            said = json.loads(payload)
        if not isinstance(said, dict) or device.state is State.SILENT:
            return
        if "registration" in said or "response" in said:
            device.is_asked, device.words = False, ""
        try:
            self._take(device, said)
        except SimulatorError as error:
            self._failed(device, error)

    def _lost(self, device: SimulatedDevice) -> None:
        device.link, device.is_asked = None, False
        self.tally["mqtt connections lost"] += 1
        if device.state is not State.SILENT:
            self._later(device, device.chance().uniform(0.5, 1.5) * min(5.0, self.interval))

    def _take(
        self, device: SimulatedDevice, said: dict[str, Any], *, is_answer: bool = False
    ) -> None:
        """Act on what the console says. Raises SimulatorError for a refusal.

        The answer of a check-in may be configuration alone: then it is stored, too.
        """
        registration = said.get("registration")
        if not isinstance(registration, dict):
            registration = {} if is_answer and "response" not in said else None
        if registration is not None and registration.get("success") is not False:
            self._checked_in(device, registration)
        elif registration is not None or "response" in said:
            raise SimulatorError(f"refused: {(registration or said).get('response')}")
        if isinstance(configuration := said.get("configuration"), dict):
            self._configured(device, configuration)

    def _checked_in(self, device: SimulatedDevice, said: dict[str, Any]) -> None:
        self.tally["check-ins"] += 1
        device.acknowledged += 1
        device.failures = 0
        device.adopt(said)
        if device.state is State.NEW:
            self.tally["devices"] += 1
            self.updates.move(device, State.IDLE)
            if device.over_mqtt:
                self._later(device, 0.0)
        # What has just failed is not begun anew in the same breath.
        has_settled = self.updates.settle(device)
        offer = Offer.of(said)
        if offer is None or device.state in {State.SILENT, State.OFFERED, State.DOWNLOADING}:
            return
        self.tally["offers"] += 1
        if device.mode is Mode.SILENT:
            self._silence(device)
        elif offer.version != device.refused and not (has_settled and device.state is State.FAILED):
            device.due = math.inf
            self.updates.move(device, State.OFFERED)
            self.offers.append((device, offer))

    def _configured(self, device: SimulatedDevice, values: dict[str, Any]) -> None:
        """Take over configuration, and report soon after it."""
        self.tally["configurations"] += 1
        if device.mode is Mode.SILENT:
            self._silence(device)
            return
        device.settings |= values
        self._later(device, self.updates.pause(device))

    async def fetch(self, device: SimulatedDevice, offer: Offer) -> None:
        wait = spread(device.chance(), self.interval)
        try:
            await self.updates.take(device, offer)
            if device.state in {State.INSTALLING, State.IDLE}:  # it restarts
                wait = self.updates.pause(device)
                self.unlink(device)
        except SimulatorError as error:
            self.updates.move(device, State.IDLE)
            wait = self._failed(device, error)
        self._later(device, wait)

    def _silence(self, device: SimulatedDevice) -> None:
        self.updates.move(device, State.SILENT)
        self.tally["silenced"] += 1
        self.unlink(device)

    def unlink(self, device: SimulatedDevice) -> None:
        if device.link is not None:
            device.link.close()
            device.link, device.is_asked = None, False

    def _failed(self, device: SimulatedDevice, error: SimulatorError) -> float:
        """Count an error; return the pause: longer each time, never less than asked."""
        chance = device.chance()
        self.last_error = str(error)
        if error.wait:
            self.tally["asked to wait"] += 1
            return error.wait * chance.uniform(1, 1.5)
        self.tally["errors"] += 1
        self.tally["unanswered"] += error.is_open
        ceiling = min(LONGEST_PAUSE, self.interval, FIRST_PAUSE * 2 ** min(device.failures, 10))
        device.failures += 1
        return ceiling * chance.uniform(0.5, 1)

    def _later(self, device: SimulatedDevice, wait: float) -> None:
        self.schedule.put(device, time.monotonic() + wait)
