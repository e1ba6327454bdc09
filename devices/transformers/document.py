"""The device as a script sees it: the document of the THiNX protocol, without its secrets."""

from __future__ import annotations

import json
from typing import Any

from devices.health import state_of
from devices.models import Device


def device_document(device: Device, *, transformers: list[str] | None = None) -> str:
    """Return the device as JSON. Keys, push addresses and environments are left out.

    The device needs its organization and state loaded; `transformers` are the ids of its chain.
    """
    state, owner = state_of(device), device.organization.owner_id
    document: dict[str, Any] = {
        "udid": device.udid,
        "owner": owner,
        "alias": device.alias,
        "mac": device.mac,
        "description": device.description,
        "category": device.category,
        "tags": device.tags,
        "platform": device.platform,
        "fcid": device.fcid,
        "auto_update": device.auto_update,
        "mqtt": f"/{owner}/{device.udid}",
        "transformers": transformers or [],
        "firmware": state.firmware,
        "version": state.version,
        "commit": state.commit,
        "checksum": state.checksum,
        "env_hash": state.env_hash,
        "status": state.status,
        "status_raw": state.status_raw,
        "rssi": state.rssi,
        "snr": state.snr,
        "station": state.station,
        "lat": state.lat,
        "lon": state.lon,
        "timezone": state.timezone_name,
        "timezone_abbr": state.timezone_name,
        "timezone_offset": state.timezone_offset,
        "lastupdate": state.last_seen_at.isoformat() if state.last_seen_at else None,
        "checkins": state.checkins,
    }
    return json.dumps(document)
