"""Believable devices that register, check in and take updates over HTTP, for trying things out."""

from __future__ import annotations

import hashlib
import heapq
import http.client
import json
import logging
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

logger = logging.getLogger(__name__)

WORKERS = 4
TIMEOUT = 20
MAX_WAIT = 60.0
MAX_FIRMWARE = 64 << 20
UPDATE_SECONDS = (2.0, 6.0)


@dataclass(frozen=True)
class Persona:
    """A kind of device: what it is built with and what it talks about."""

    name: str
    platform: str
    firmware: str
    versions: tuple[str, ...]
    vendor: str
    on_battery: bool
    topics: tuple[str, ...]


PERSONAS = (
    Persona(
        "soil-probe",
        "arduino:esp8266",
        "soil-probe",
        ("1.4.2", "1.4.6", "1.5.0"),
        "5C:CF:7F",
        on_battery=True,
        topics=("moisture {moisture:.0f} %", "soil {temperature:.1f} °C"),
    ),
    Persona(
        "air-monitor",
        "arduino:esp32",
        "air-monitor",
        ("2.9.436", "2.9.440"),
        "24:0A:C4",
        on_battery=False,
        topics=("CO2 {co2:.0f} ppm", "{temperature:.1f} °C, {humidity:.0f} %"),
    ),
    Persona(
        "gateway",
        "python",
        "edge-gateway",
        ("0.9.1", "1.0.3"),
        "DC:A6:32",
        on_battery=False,
        topics=("{load:.2f} load, {peers:.0f} peers", "uptime {uptime:.0f} h"),
    ),
    Persona(
        "door",
        "micropython",
        "door-contact",
        ("3.1.0", "3.2.0"),
        "30:AE:A4",
        on_battery=True,
        topics=("closed", "closed", "open"),
    ),
    Persona(
        "meter",
        "platformio:stm32",
        "power-meter",
        ("1.0.12", "1.1.0"),
        "00:80:E1",
        on_battery=False,
        topics=("{power:.0f} W", "{energy:.1f} kWh today"),
    ),
)
PLACES = (
    ("Prague", 50.0755, 14.4378),
    ("Brno", 49.1951, 16.6068),
    ("Vienna", 48.2082, 16.3738),
    ("Berlin", 52.5200, 13.4050),
)


class SimulatedDevice:
    """One device: the same seed and number always are the same device."""

    def __init__(self, number: int, seed: int, owner: str) -> None:
        self._chance = random.Random(f"{seed}/{number}")  # noqa: S311 - play, not secrets
        chance = self._chance
        self.persona = PERSONAS[number % len(PERSONAS)]
        self._owner = owner
        serial = hashlib.sha256(f"{seed}/{number}".encode()).hexdigest()[:6].upper()
        self.mac = f"{self.persona.vendor}:{serial[:2]}:{serial[2:4]}:{serial[4:]}"
        place, lat, lon = chance.choice(PLACES)
        self.alias = f"{place.lower()}-{self.persona.name}-{number + 1:02d}"
        self._lat, self._lon = lat + chance.uniform(-0.05, 0.05), lon + chance.uniform(-0.08, 0.08)
        self.version = chance.choice(self.persona.versions)
        self._firmware = f"{self.persona.firmware}:{self.version}"
        self._env_hash = ""
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
        self.udid = "0"

    def registration(self) -> dict[str, Any]:
        """Return what the device says now; a little has changed since the last time."""
        chance = self._chance
        self._rssi = min(-38, max(-94, self._rssi + chance.uniform(-3, 3)))
        for name, value in self._levels.items():
            self._levels[name] = max(0.0, value * chance.uniform(0.97, 1.03))
        return {
            "mac": self.mac,
            "udid": self.udid,
            "owner": self._owner,
            "alias": self.alias,
            "platform": self.persona.platform,
            "firmware": self._firmware,
            "version": self.version,
            "env_hash": self._env_hash,
            "status": self._status(),
            "rssi": f"{self._rssi:.0f}",
            "lat": f"{self._lat:.4f}",
            "lon": f"{self._lon:.4f}",
            "timezone_abbr": "Europe/Prague",
            "timezone_offset": 1,
        }

    def installed(self, firmware: str, version: str, env_hash: str) -> None:
        """Run other firmware from now on."""
        self._firmware, self.version, self._env_hash = firmware, version, env_hash

    def _status(self) -> str:
        text = self._chance.choice(self.persona.topics).format(**self._levels)
        if self.persona.on_battery:
            return f"{text}, {self._battery_status()}"
        if self._levels["co2"] > 1400 and "CO2" in text:
            return f"{text}, air the room #w"
        return f"{text} #e sensor lost" if self._chance.random() < 0.02 else text

    def _battery_status(self) -> str:
        self._battery -= self._chance.uniform(0.1, 0.9)
        if self._battery < 1:
            self._battery = 100.0
        mark = " #e" if self._battery < 5 else " #w" if self._battery < 20 else ""
        return f"battery {self._battery:.0f} %{mark}"


class SimulatorError(Exception):
    """The console did not answer as a device needs; `wait` is how long it asked to wait."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class Headers:
    """Headers of an answer, found in any case."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values = {name.lower(): value for name, value in pairs}

    def get(self, name: str, default: str = "") -> str:
        """Return a header's value."""
        return self._values.get(name.lower(), default)


class DeviceClient:
    """One connection to the console, as devices use it."""

    def __init__(self, url: str, api_key: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the address must be like http://127.0.0.1:7442")
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._connection = kind(parts.hostname, parts.port, timeout=TIMEOUT)
        self._prefix = parts.path.rstrip("/")
        self._headers = {
            "Authentication": api_key,
            "Content-Type": "application/json",
            "Origin": "device",
            "User-Agent": "THiNX-Client",
        }

    def register(self, registration: dict[str, Any]) -> dict[str, Any]:
        """Send one check-in; return what the answer says."""
        body = json.dumps({"registration": registration}, separators=(",", ":"))
        status, headers, content = self._call("POST", "/device/register", body.encode())
        if status in {429, 503}:
            wait = headers.get("Retry-After", "")
            raise SimulatorError(f"asked to wait ({status})", float(wait or 5))
        answer = _json(content)
        said = answer.get("registration")
        if status != 200 or not isinstance(said, dict):
            raise SimulatorError(f"refused: {answer.get('response', status)}")
        return said

    def firmware(self, ott: str) -> Headers:
        """Download firmware and check it; return the headers it came with."""
        path = "/device/firmware?" + urlencode({"ott": ott})
        status, headers, content = self._call("GET", path, None)
        if status != 200:
            raise SimulatorError(f"no firmware ({status})")
        if hashlib.sha256(content).hexdigest() != headers.get("x-SHA256"):
            raise SimulatorError("the firmware is not what its digest says")
        return headers

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _call(self, method: str, path: str, body: bytes | None) -> tuple[int, Headers, bytes]:
        try:
            self._connection.request(method, self._prefix + path, body, self._headers)
            response = self._connection.getresponse()
            content = response.read(MAX_FIRMWARE)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise SimulatorError(f"not reached: {error or type(error).__name__}") from error
        return response.status, Headers(response.getheaders()), content


@dataclass
class Simulation:
    """Many devices, checking in through a few connections until told to stop."""

    url: str
    api_key: str = field(repr=False)
    owner: str
    count: int = 50
    interval: float = 15.0
    seed: int = 1
    tally: Counter[str] = field(default_factory=Counter)
    last_error: str = ""

    def __post_init__(self) -> None:
        self._chance = random.Random()  # noqa: S311 - spreads the calls, no secret
        self._lock = threading.Condition()
        self._devices = [SimulatedDevice(n, self.seed, self.owner) for n in range(self.count)]
        now = time.monotonic()
        spread = min(self.interval, 5.0)
        self._due = [(now + self._chance.uniform(0, spread), n) for n in range(self.count)]
        heapq.heapify(self._due)

    def run(self, stop: threading.Event) -> None:
        """Simulate until `stop` is set."""
        workers = [
            threading.Thread(target=self._work, args=(stop,), daemon=True)
            for _ in range(min(WORKERS, self.count))
        ]
        for worker in workers:
            worker.start()
        stop.wait()
        with self._lock:
            self._lock.notify_all()
        for worker in workers:
            worker.join(TIMEOUT)

    def _work(self, stop: threading.Event) -> None:
        client = DeviceClient(self.url, self.api_key)
        try:
            while (number := self._next(stop)) is not None:
                self._put(number, self._turn(client, self._devices[number]))
        finally:
            client.close()

    def _next(self, stop: threading.Event) -> int | None:
        """Return the device that is due, waiting for it; None at the end."""
        with self._lock:
            while not stop.is_set():
                left = self._due[0][0] - time.monotonic() if self._due else 1.0
                if left <= 0:
                    return heapq.heappop(self._due)[1]
                self._lock.wait(min(left, 1.0))
        return None

    def _put(self, number: int, wait: float) -> None:
        with self._lock:
            heapq.heappush(self._due, (time.monotonic() + wait, number))
            self._lock.notify()

    def _turn(self, client: DeviceClient, device: SimulatedDevice) -> float:
        """Check one device in; return the seconds until its next turn."""
        try:
            answer = client.register(device.registration())
            self.tally["check-ins"] += 1
            if device.udid == "0":
                self.tally["devices"] += 1
            device.udid = str(answer.get("udid") or device.udid)
            if answer.get("status") == "FIRMWARE_UPDATE":
                return self._update(client, device, answer)
        except SimulatorError as error:
            self.tally["errors"] += 1
            self.last_error = str(error)
            return max(error.wait, min(MAX_WAIT, self.interval * self._chance.uniform(0.5, 2)))
        return self.interval * self._chance.uniform(0.7, 1.3)

    def _update(
        self, client: DeviceClient, device: SimulatedDevice, answer: dict[str, Any]
    ) -> float:
        headers = client.firmware(str(answer.get("ott", "")))
        firmware = str(answer.get("version", ""))
        device.installed(
            firmware,
            headers.get("x-THiNX-Version") or firmware.rpartition(":")[2],
            headers.get("x-THiNX-Env-Hash"),
        )
        self.tally["updates"] += 1
        return self._chance.uniform(*UPDATE_SECONDS)


def _json(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError as error:
        raise SimulatorError("the answer is not JSON") from error
    return answer if isinstance(answer, dict) else {}
