"""Whether a device runs the environment in force: its hash against that of the firmware to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from builds.engine.environment import env_hash
from builds.offers import newest_build
from devices.models import Device
from devices.versions import knows_environment
from keys.selectors import EffectiveVariable, effective_variables

IN_SYNC, DESYNC, UNSAID = "in_sync", "desync", "unsaid"


@dataclass(frozen=True)
class Synchrony:
    """in_sync, desync or unsaid, and the sentence that says what to do."""

    state: str
    sentence: str


def values_of(variables: list[EffectiveVariable]) -> dict[str, str]:
    """Return the values as firmware gets them, secrets included: for no page."""
    sealed: dict[str, Any] = {found.name: found.variable.value for found in variables}
    return {name: value.reveal() if value else "" for name, value in sealed.items()}


def environment_hash(device: Device) -> str:
    """Return the hash that a build of the device would have now. One query."""
    # By its key: a reader who may not view the source has a page without it.
    found = effective_variables(device.organization, source=device.source_id, device=device)
    return env_hash(values_of(found))


def synchrony(device: Any) -> Synchrony:
    """Compare what the device reports with what is in force. Two queries."""
    state = getattr(device, "state", None)
    said = state.env_hash if state is not None else ""
    if not knows_environment(said):
        return Synchrony(
            UNSAID, "The device has not said which environment it runs. Firmware built here does."
        )
    wanted = environment_hash(device)
    if wanted in said:
        return Synchrony(IN_SYNC, "The device runs these values.")
    newest = newest_build(device)
    if newest is not None and newest.env_hash == wanted:
        return Synchrony(
            DESYNC, "The newest build has these values; the device has them after its update."
        )
    return Synchrony(
        DESYNC,
        "The device runs other values than these. Build firmware to write them into it, or push "
        "them as configuration to hand them over while it runs.",
    )
