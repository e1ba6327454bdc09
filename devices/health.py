"""What a device's row says about it: whether it is there, and what firmware it runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from devices.models import Device, DeviceState
from devices.presence import LATE_STATE, ONLINE_STATE, presence_of

OFFERS = {
    "offered": ("offered", "Update offered"),
    "downloaded": ("downloading", "Downloaded, restarting"),
    "failed": ("failed", "Update failed"),
}
ALARMS = {"warning", "error"}
# In dBm; what counts as strong and weak differs by a few from radio to radio.
SIGNAL_FROM = {"strong": -67, "fair": -80}


@dataclass(frozen=True)
class Look:
    """A key of the states that pages know, and the word where another fits better."""

    status: str
    word: str = ""


def state_of(device: Device) -> DeviceState:
    """Return the state row, or an empty one for a device that has none yet."""
    return getattr(device, "state", None) or DeviceState(device=device)


def is_online(state: DeviceState, now: datetime | None = None) -> bool:
    """Tell whether the device is there, if late."""
    return presence_of(state, now) in {ONLINE_STATE, LATE_STATE}


def health_of(device: Device) -> Look:
    """Return online, late, offline, or the alarm that an online device reports."""
    state = state_of(device)
    presence = presence_of(state)
    if presence != ONLINE_STATE:
        return Look(presence)
    return Look(state.level) if state.level in ALARMS else Look("online")


def presence_word(device: Device) -> str:
    """Return online, late, offline or never_seen."""
    return presence_of(state_of(device))


def signal_of(device: Device) -> str:
    """Return strong, fair or weak; "" when the device said no number."""
    try:
        dbm = float(state_of(device).rssi)
    except ValueError:
        return ""
    return next((name for name, lowest in SIGNAL_FROM.items() if dbm >= lowest), "weak")


def has_update(device: Any) -> bool:
    """Tell whether a newer build waits; needs the annotations of `with_newest_build`."""
    newest, state = device.newest_build_id, state_of(device)
    if newest is None or state.version == device.newest_build_version:
        return False
    return newest > (state.installed_build_id or 0)


def firmware_of(device: Any) -> Look | None:
    """Return how far the newest build of the device came, or None without any build."""
    state = state_of(device)
    offered = state.offered_build_id
    if state.offer_state in OFFERS and offered and offered == device.newest_build_id:
        return Look(*OFFERS[state.offer_state])
    if has_update(device):
        return Look("outdated")
    if device.newest_build_id is not None:
        return Look("up_to_date")
    return None


@dataclass(frozen=True)
class LoopStep:
    """One step of the way from a build to running firmware."""

    label: str
    state: str
    at: datetime | None = None
    note: str = ""


def update_loop(device: Any, newest: Any) -> list[LoopStep]:
    """Return built, offered, downloaded, installed for the newest build, with their times."""
    if newest is None:
        return []
    state = state_of(device)
    same = state.offered_build_id == newest.pk
    installed = state.installed_build_id == newest.pk
    reached = state.offer_state if same else ""
    offered = installed or reached in {"offered", "downloaded", "failed", "installed"}
    fetched = installed or reached in {"downloaded", "installed"}
    return [
        LoopStep("Built", "done", newest.finished_at),
        LoopStep("Offered", "done" if offered else "pending", state.offered_at if same else None),
        LoopStep("Downloaded", "done" if fetched else _fetching(reached, offered=offered)),
        LoopStep(
            "Installed",
            "done" if installed else ("running" if fetched else "pending"),
            state.installed_at if installed else None,
        ),
    ]


def _fetching(reached: str, *, offered: bool) -> str:
    if reached == "failed":
        return "failed"
    return "running" if offered else "pending"


def next_sentence(device: Any, newest: Any) -> str:
    """Return what happens next with the firmware of a device, or what is missing for it."""
    state = state_of(device)
    if newest is None:
        if device.source_id is None:
            return "Attach a source, then build firmware for this device."
        return "No build for this device succeeded yet."
    reached = state.offer_state if state.offered_build_id == newest.pk else ""
    if state.installed_build_id == newest.pk or not has_update(device):
        return "The device runs its newest build."
    if reached == "failed":
        return "The device gave this build up; it is not offered again. Build anew to try again."
    if reached == "downloaded":
        return "The device has it and restarts. Its next check-in confirms the installation."
    if not (newest.deliver or device.auto_update):
        return "Built without delivery, and the device does not update by itself: it waits."
    if reached == "offered":
        return "The device was told to fetch it."
    return "It is offered at the next check-in."
