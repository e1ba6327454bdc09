"""What firmware a device runs beside what there is for it, as its page shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from devices.health import state_of


@dataclass(frozen=True)
class Firmware:
    """One side of the comparison; `file` is what the device fetches, `at` installed or built."""

    version: str = ""
    commit: str = ""
    build: Any = None
    file: Any = None
    at: datetime | None = None


@dataclass(frozen=True)
class FirmwareNote:
    """A line below both sides: what has a say in what the device gets, and how far it is."""

    label: str
    name: str
    url: str
    status: str
    word: str
    text: str = ""


# What apps above this one say of the firmware of a device to an actor; each may cost one query.
FirmwareNoter = Callable[[Any, Any], FirmwareNote | None]
_noters: list[FirmwareNoter] = []


def register_firmware_note(noter: FirmwareNoter) -> FirmwareNoter:
    """Have a function of (actor, device) add a line to the firmware of a device's page."""
    _noters.append(noter)
    return noter


def firmware_notes(actor: Any, device: Any) -> list[FirmwareNote]:
    """Return the lines of all who have one."""
    return [note for noter in _noters if (note := noter(actor, device)) is not None]


def installed_firmware(device: Any, builds: dict[int, Any]) -> Firmware:
    """Return what the device runs, by its own word, with the build if the reader sees it."""
    state = state_of(device)
    build = builds.get(state.installed_build_id or 0)
    return Firmware(
        version=state.version,
        commit=state.commit or (build.commit if build is not None else ""),
        build=build,
        file=_file_of(build),
        at=state.installed_at,
    )


def available_firmware(device: Any, builds: dict[int, Any]) -> Firmware | None:
    """Return the newest build that succeeded for the device, if the reader sees it."""
    build = builds.get(device.newest_build_id or 0)
    if build is None:
        return None
    return Firmware(build.version, build.commit, build, _file_of(build), build.finished_at)


def builds_shown(device: Any, builds: Any) -> dict[int, Any]:
    """Return the builds of both sides by their key, out of those that the reader may view."""
    wanted = {device.newest_build_id, state_of(device).installed_build_id} - {None}
    rows = builds.filter(pk__in=wanted).select_related("source").prefetch_related("artifacts")
    return {build.pk: build for build in rows}


def _file_of(build: Any) -> Any:
    files = build.artifacts.all() if build is not None else ()
    return next((artifact for artifact in files if artifact.is_firmware), None)
