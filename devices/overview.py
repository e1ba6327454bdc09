"""What a device's page shows beside its own row."""

from __future__ import annotations

from typing import Any

from core.scoping import ActorLike
from core.views import Fact
from devices.models import DeviceState
from devices.timezones import UNSET
from keys.models import EnvVar
from keys.selectors import EffectiveVariable, effective_variables


def checkin_facts(state: DeviceState) -> list[Fact]:
    """Return what the last check-in said, leaving out what this device never says."""
    place = f"{state.lat:.5f}, {state.lon:.5f}" if None not in (state.lat, state.lon) else ""
    said = [
        Fact("Firmware", state.firmware, mono=True),
        Fact("Version", state.version, mono=True),
        Fact("Commit", state.commit, mono=True),
        Fact("Checksum", state.checksum, mono=True),
        Fact("Environment hash", state.env_hash, mono=True),
        Fact("Signal", signal_words(state)),
        Fact("Base station", state.station, mono=True),
        Fact("Location", place, mono=True, copy=True),
        Fact("Time zone", _time_zone(state)),
        Fact("Address", state.address, mono=True),
        Fact("API key", f"{state.last_key_prefix}…" if state.last_key_prefix else "", mono=True),
    ]
    return [fact for fact in said if fact.value]


def signal_words(state: DeviceState) -> str:
    """Return the radio signal as the device measures it."""
    parts = [f"{state.rssi} dBm" if state.rssi else "", f"SNR {state.snr}" if state.snr else ""]
    return ", ".join(part for part in parts if part)


def visible_variables(
    actor: ActorLike, organization: Any, *, source: Any = None, device: Any = None
) -> list[EffectiveVariable]:
    """Return the variables in force that this reader may view."""
    found = effective_variables(organization, source=source, device=device)
    pks = [entry.variable.pk for entry in found]
    permitted = set(
        EnvVar.objects.allowed(actor).filter(pk__in=pks).order_by().values_list("pk", flat=True)
    )
    return [entry for entry in found if entry.variable.pk in permitted]


def _time_zone(state: DeviceState) -> str:
    name = state.timezone_name
    if not state.utc_offset:
        return "" if name in {"", UNSET} else name
    return f"{name} ({state.utc_offset:+g} h)"
