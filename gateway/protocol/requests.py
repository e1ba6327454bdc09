"""Reading what devices send into plain, bounded values."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, fields
from typing import Any

from devices.macs import normalise_mac
from gateway.protocol import values
from gateway.protocol.errors import NO_BODY, REQUEST_INVALID, ProtocolError

LIMITS = {
    "alias": 64,
    "firmware": 128,
    "version": 64,
    "commit": 64,
    "checksum": 128,
    "platform": 64,
    "status": 512,
    "push": 255,
    "rssi": 32,
    "snr": 32,
    "station": 64,
    "fcid": 64,
    "env_hash": 128,
    "timezone_abbr": 64,
}
_WRAPPERS = ("registration", "update")


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration or check-in, as a device meant it; None is "not sent"."""

    owner: str | None
    owner_sent: str
    udid: uuid.UUID | None
    mac: str
    mac_sent: bool
    alias: str | None = None
    firmware: str | None = None
    version: str | None = None
    commit: str | None = None
    checksum: str | None = None
    platform: str | None = None
    status: str | None = None
    push: str | None = None
    lat: float | None = None
    lon: float | None = None
    rssi: str | None = None
    snr: str | None = None
    station: str | None = None
    fcid: str | None = None
    env_hash: str | None = None
    timezone_abbr: str | None = None
    timezone_offset: float | None = None
    ack: bool = False


@dataclass(frozen=True, slots=True)
class FirmwareRequest:
    """A device's question for firmware, or for a token to fetch it with."""

    owner: str | None
    owner_sent: str
    udid: uuid.UUID | None
    mac: str
    mac_sent: bool
    version: str | None
    env_hash: str | None
    forced: bool
    wants_token: bool


def parse_registration(body: bytes) -> Registration:
    """Read the body of `POST /device/register`. Raises `ProtocolError`."""
    content = _load(body)
    data = content.get("registration")
    if not isinstance(data, dict) or not data:
        raise ProtocolError(REQUEST_INVALID)
    return Registration(
        **_identity(data),
        **_texts(data),
        lat=values.number(data.get("lat"), -90, 90),
        lon=values.number(data.get("lon"), -180, 180),
        timezone_offset=values.number(data.get("timezone_offset"), -14, 14),
        ack=values.flag(data.get("ack")),
    )


def parse_firmware_request(body: bytes) -> FirmwareRequest:
    """Read the body of `POST /device/firmware`, flat or wrapped. Raises `ProtocolError`."""
    content = _load(body)
    data = next((content[w] for w in _WRAPPERS if isinstance(content.get(w), dict)), content)
    return FirmwareRequest(
        **_identity(data),
        version=values.text(data.get("version"), LIMITS["version"]),
        env_hash=values.text(data.get("env_hash"), LIMITS["env_hash"]),
        forced=values.flag(data.get("forced")),
        wants_token=data.get("use") == "ott" or bool(data.get("ott")),
    )


def _identity(data: dict[str, Any]) -> dict[str, Any]:
    mac = data.get("mac")
    return {
        "owner": values.owner(data.get("owner")),
        "owner_sent": values.text(data.get("owner"), 64) or "",
        "udid": values.udid(data.get("udid")),
        "mac": normalise_mac(mac),
        "mac_sent": isinstance(mac, str) and bool(mac.strip()),
    }


def _texts(data: dict[str, Any]) -> dict[str, str | None]:
    known = {field.name for field in fields(Registration)} & LIMITS.keys()
    result = {name: values.text(data.get(name), LIMITS[name]) for name in known}
    if result["platform"]:
        result["platform"] = result["platform"].lower()
    if result["fcid"]:
        result["fcid"] = result["fcid"].upper()
    return result


def _load(body: bytes) -> dict[str, Any]:
    if not body.strip():
        raise ProtocolError(NO_BODY)
    try:
        content = json.loads(body.decode("utf-8-sig", "replace"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(REQUEST_INVALID) from error
    if not isinstance(content, dict):
        raise ProtocolError(REQUEST_INVALID)
    return content


def _no_number(_constant: str) -> None:
    """Read NaN and Infinity, which some devices print for a sensor without a value, as absent."""
