"""What a device says about itself, already bounded and printable."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

# The longest text kept of each field; the columns of Device and DeviceState hold exactly these.
LIMITS = {
    "alias": 80,
    "platform": 40,
    "fcid": 32,
    "firmware": 200,
    "version": 80,
    "commit": 80,
    "checksum": 128,
    "env_hash": 64,
    "status": 400,
    "rssi": 16,
    "snr": 16,
    "station": 40,
    "push_token": 255,
    "timezone_name": 40,
}


@dataclass(slots=True)  # not frozen: making a frozen one takes three times as long
class DeviceReport:
    """One registration or check-in. None is "not said"; `mac` is canonical or empty."""

    udid: uuid.UUID | None = None
    mac: str = ""
    alias: str | None = None
    platform: str | None = None
    fcid: str | None = None
    firmware: str | None = None
    version: str | None = None
    commit: str | None = None
    checksum: str | None = None
    env_hash: str | None = None
    status: str | None = None
    rssi: str | None = None
    snr: str | None = None
    station: str | None = None
    push_token: str | None = None
    lat: float | None = None
    lon: float | None = None
    timezone_name: str | None = None
    timezone_offset: float | None = None
