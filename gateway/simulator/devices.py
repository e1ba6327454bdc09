"""One simulated device: what it is, what it says, and what it was told."""

from __future__ import annotations

import hashlib
import math
import random
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gateway.simulator.failures import Mode
from gateway.simulator.personas import PERSONAS, PLACES

if TYPE_CHECKING:
    from gateway.simulator.mqtt import Link

UNKNOWN = "0"
REASONS = (
    "no sign of life within 30 s",
    "ended with 1: ImportError: no module named umqtt",
    "the watchdog bit",
    "no WiFi after the restart",
)


class State(StrEnum):
    """How far a device is; each is in exactly one of these."""

    NEW = "new"
    IDLE = "idle"
    OFFERED = "offered"
    DOWNLOADING = "downloading"
    INSTALLING = "installing"
    UPDATED = "updated"
    FAILED = "failed"
    SILENT = "silent"


class SimulatedDevice:
    """One device: the same seed and number always are the same device.

    `due` is the moment of its next turn, `acknowledged` how many of its check-ins were answered
    as stored, `words` what it says instead of a measurement the next time, `told` whether it said
    what it runs since that changed.
    """

    __slots__ = (
        "_battery", "_lat", "_levels", "_lon", "_rssi", "_seed", "_turn", "acknowledged",
        "alias", "busy", "due", "env_hash", "failures", "firmware", "is_asked", "link", "mac",
        "mode", "number", "offered", "over_mqtt", "owner", "persona", "rebooted_for", "refused",
        "settings", "state", "told", "udid", "version", "words",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        seed: int,
        owner: str,
        *,
        mode: Mode = Mode.SOUND,
        over_mqtt: bool = False,
    ) -> None:
        chance = random.Random(f"{seed}/{number}")  # noqa: S311 - play, not secrets
        self.number, self._seed, self._turn = number, seed, 0
        self.mode, self.over_mqtt, self.owner = mode, over_mqtt, owner
        self.persona = PERSONAS[number % len(PERSONAS)]
        serial = _serial(number, seed)
        self.mac = f"{self.persona.vendor}:{serial[:2]}:{serial[2:4]}:{serial[4:]}"
        place, lat, lon = chance.choice(PLACES)
        self.alias = f"{place.lower()}-{self.persona.name}-{number + 1:02d}"
        self._lat, self._lon = lat + chance.uniform(-0.05, 0.05), lon + chance.uniform(-0.08, 0.08)
        self.version = chance.choice(self.persona.versions)
        self.firmware = f"{self.persona.firmware}:{self.version}"
        self.env_hash = ""
        self._rssi = chance.uniform(-85, -45)
        self._battery = chance.uniform(12, 100)
        self._levels = {
            "moisture": chance.uniform(15, 60),
            "temperature": chance.uniform(4, 28),
            "humidity": chance.uniform(30, 70),
            "co2": chance.uniform(420, 1100),
            "load": chance.uniform(0.05, 1.5),
            "peers": chance.uniform(2, 30),
            "uptime": chance.uniform(1, 900),
            "power": chance.uniform(60, 4000),
            "energy": chance.uniform(0.5, 30),
        }
        self.udid = UNKNOWN
        self.state = State.NEW
        self.due, self.busy, self.acknowledged, self.failures = math.inf, False, 0, 0
        self.words = self.offered = self.refused = self.rebooted_for = ""
        self.settings: dict[str, Any] = {}
        self.link: Link | None = None
        self.is_asked = self.told = False

    def chance(self) -> random.Random:
        """Return the chance of this turn: the same for the same seed, device and turn.

        One that lived on with each device would be most of a device's memory.
        """
        return random.Random(  # noqa: S311 - play, not secrets
            (self._seed * 1_000_003 + self.number) * 1_000_003 + self._turn
        )

    def registration(self) -> dict[str, Any]:
        """Return what the device says now; a little has changed since the last time."""
        self._turn += 1
        self.told = True
        chance = self.chance()
        self._rssi = min(-38, max(-94, self._rssi + chance.uniform(-3, 3)))
        for name, value in self._levels.items():
            self._levels[name] = max(0.0, value * chance.uniform(0.97, 1.03))
        measured = self._status(chance)
        return {
            "mac": self.mac,
            "udid": self.udid,
            "owner": self.owner,
            "alias": self.alias,
            "platform": self.persona.platform,
            "firmware": self.firmware,
            "version": self.version,
            "env_hash": self.env_hash,
            "status": self.words or measured,
            "rssi": f"{self._rssi:.0f}",
            "lat": f"{self._lat:.4f}",
            "lon": f"{self._lon:.4f}",
            "timezone_abbr": "Europe/Prague",
            "timezone_offset": 1,
        }

    def adopt(self, said: dict[str, Any]) -> None:
        """Keep what the console says of who the device is, and whose."""
        self.udid = str(said.get("udid") or self.udid)
        self.owner = str(said.get("owner") or self.owner)

    def installed(self, firmware: str, version: str, env_hash: str) -> None:
        """Run other firmware from now on."""
        self.firmware, self.version, self.env_hash = firmware, version, env_hash

    def rolled_back(self, version: str) -> None:
        """Say, as the Python agent does, that a version was given up."""
        self.refused = self.offered
        self.words = f"rolled back from {version}: {self.chance().choice(REASONS)}"

    def _status(self, chance: random.Random) -> str:
        text = chance.choice(self.persona.topics).format(**self._levels)
        if self.persona.on_battery:
            return f"{text}, {self._battery_status(chance)}"
        if self._levels["co2"] > 1400 and "CO2" in text:
            return f"{text}, air the room #w"
        return f"{text} #e sensor lost" if chance.random() < 0.02 else text

    def _battery_status(self, chance: random.Random) -> str:
        self._battery -= chance.uniform(0.1, 0.9)
        if self._battery < 1:
            self._battery = 100.0
        mark = " #e" if self._battery < 5 else " #w" if self._battery < 20 else ""
        return f"battery {self._battery:.0f} %{mark}"


def _serial(number: int, seed: int) -> str:
    """Return the last half of a MAC: looks like any other, and no two numbers have the same."""
    start = int(hashlib.sha256(f"{seed}".encode()).hexdigest()[:6], 16)
    return f"{start + number * 0x9E3779 & 0xFFFFFF:06X}"
