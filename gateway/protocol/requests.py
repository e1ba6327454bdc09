"""Reading what devices send into plain, bounded values."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

import orjson

from devices.macs import normalise_mac
from devices.reports import LIMITS, DeviceReport
from gateway.protocol import values
from gateway.protocol.errors import MALFORMED_PUSH, NO_BODY, REQUEST_INVALID, ProtocolError

# Where the wire's name differs from ours.
WIRE_NAMES = {"push_token": "push", "timezone_name": "timezone_abbr"}
_TEXTS = tuple((name, WIRE_NAMES.get(name, name), limit) for name, limit in LIMITS.items())
_WRAPPERS = ("registration", "update")


@dataclass(slots=True)  # not frozen: making a frozen one takes three times as long
class Registration:
    """One registration or check-in, as a device meant it."""

    owner: str | None
    owner_sent: str
    mac_sent: bool
    ack: bool
    report: DeviceReport


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


@dataclass(frozen=True, slots=True)
class PushRequest:
    """A device's new address for push messages."""

    udid: uuid.UUID | None
    token: str


def parse_registration(body: bytes) -> Registration:
    """Read the body of `POST /device/register`. Raises `ProtocolError`."""
    return registration_of(_load(body))


def registration_of(content: dict[str, Any]) -> Registration:
    """Return the registration inside of what a device sent. Raises `ProtocolError`."""
    data = content.get("registration")
    if not isinstance(data, dict) or not data:
        raise ProtocolError(REQUEST_INVALID)
    return Registration(**_sender(data), ack=values.flag(data.get("ack")), report=_report(data))


def parse_firmware_request(body: bytes) -> FirmwareRequest:
    """Read the body of `POST /device/firmware`, flat or wrapped. Raises `ProtocolError`."""
    content = _load(body)
    data = next((content[w] for w in _WRAPPERS if isinstance(content.get(w), dict)), content)
    return FirmwareRequest(
        **_sender(data),
        udid=values.udid(data.get("udid")),
        mac=normalise_mac(data.get("mac")),
        version=values.text(data.get("version"), LIMITS["version"]),
        env_hash=values.text(data.get("env_hash"), LIMITS["env_hash"]),
        forced=values.flag(data.get("forced")),
        wants_token=data.get("use") == "ott" or bool(data.get("ott")),
    )


def parse_push(body: bytes) -> PushRequest:
    """Read the body of `POST /device/addpush`. Raises `ProtocolError`, always status 200."""
    try:
        content = _load(body)
    except ProtocolError as error:
        raise ProtocolError(NO_BODY, 200) from error
    if not content.get("push"):
        raise ProtocolError(NO_BODY, 200)
    token = values.push_token(content["push"])
    if token is None:
        raise ProtocolError(MALFORMED_PUSH, 200)
    return PushRequest(udid=values.udid(content.get("udid")), token=token)


def _sender(data: dict[str, Any]) -> dict[str, Any]:
    mac = data.get("mac")
    return {
        "owner": values.owner(data.get("owner")),
        "owner_sent": values.text(data.get("owner"), 64) or "",
        "mac_sent": isinstance(mac, str) and bool(mac.strip()),
    }


def _report(data: dict[str, Any]) -> DeviceReport:
    texts = {
        name: values.text(data[wired], limit) for name, wired, limit in _TEXTS if wired in data
    }
    if "rssi" in texts:
        texts["rssi"] = values.decibels(texts["rssi"])
    if texts.get("push_token"):
        texts["push_token"] = values.push_token(texts["push_token"])
    texts["platform"] = (texts.get("platform") or "").lower() or None
    texts["fcid"] = (texts.get("fcid") or "").upper() or None
    return DeviceReport(
        udid=values.udid(data.get("udid")),
        mac=normalise_mac(data.get("mac")),
        lat=values.number(data.get("lat"), -90, 90),
        lon=values.number(data.get("lon"), -180, 180),
        timezone_offset=values.number(data.get("timezone_offset"), -14, 14),
        **texts,
    )


def _load(body: bytes) -> dict[str, Any]:
    if not body.strip():
        raise ProtocolError(NO_BODY)
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        content = _leniently(body)
    if not isinstance(content, dict):
        raise ProtocolError(REQUEST_INVALID)
    return content


def _leniently(body: bytes) -> Any:
    """Read what is JSON nearly: NaN, a byte order mark, bytes that are no UTF-8."""
    try:
        return _DECODER.decode(body.decode("utf-8", "replace").removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(REQUEST_INVALID) from error


def _no_number(_constant: str) -> None:
    """Read NaN and Infinity, which some devices print for a sensor without a value, as absent."""


# Made once: `json.loads` would make one for each body.
_DECODER = json.JSONDecoder(parse_constant=_no_number)
