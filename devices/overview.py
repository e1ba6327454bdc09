"""What a device's page shows beside its own row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from core.look import duration
from core.scoping import ActorLike
from core.views import Fact
from devices.models import Device, DeviceState
from devices.presence import LATE_STATE, OFFLINE_STATE, ONLINE_STATE, deadlines, presence_of
from devices.timezones import UNSET
from keys.models import EnvVar
from keys.selectors import EffectiveVariable, effective_variables


def checkin_facts(state: DeviceState) -> list[Fact]:
    """Return what the last check-in said, leaving out what this device never says."""
    said = [
        Fact("Firmware", state.firmware, mono=True),
        Fact("Version", state.version, mono=True),
        Fact("Commit", state.commit, mono=True),
        Fact("Checksum", state.checksum, mono=True),
        Fact("Environment hash", state.env_hash, mono=True),
        Fact("Signal", signal_words(state)),
        Fact("Base station", state.station, mono=True),
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


def zone_words(state: DeviceState) -> str:
    """Return the zone, and what its clock shows now."""
    name, offset = state.timezone_name, state.utc_offset
    if name in {"", UNSET} and not offset:
        return ""
    now = timezone.now() + timedelta(hours=offset)
    return f"{name.replace('_', ' ')}, {now:%H:%M} ({offset:+g} h)"


def due_facts(state: DeviceState) -> list[Fact]:
    """Return from when the device counts as late, or since when it is late or offline."""
    times = deadlines(state)
    if times is None:
        return []
    found = presence_of(state)
    label = {ONLINE_STATE: "Late from", LATE_STATE: "Late since"}.get(found, "Offline since")
    return [Fact(label, time=times[1] if found == OFFLINE_STATE else times[0])]


def interval_words(device: Device, state: DeviceState) -> str:
    """Return the pace of check-ins: chosen by people, or as the device keeps it."""
    if device.checkin_interval:
        return duration(device.checkin_interval)
    return f"{duration(state.kept_interval)} (as it calls)" if state.last_seen_at else ""
