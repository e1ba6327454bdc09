"""Live notices of what came over MQTT: said together, about twice a second."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.jobs import tell_groups
from core.watching import watched
from devices.models import Device


class Telling:
    """Collects devices of which something was heard; `flush` tells the pages that show them."""

    def __init__(self) -> None:
        self._devices: dict[str, str] = {}

    def add(self, devices: Iterable[Device]) -> None:
        """Remember these devices until the next flush."""
        for device in devices:
            self._devices[f"{device.uid}"] = f"{device.organization.uid}"

    def flush(self) -> None:
        """Tell each organization once, and each device that somebody looks at."""
        devices, self._devices = self._devices, {}
        if not devices:
            return
        organizations = {organization: uid for uid, organization in devices.items()}
        told = [_changed(f"org.{one}", uid) for one, uid in organizations.items()]
        for group in watched([f"device.{uid}" for uid in devices]):
            told.append(_changed(group, group.removeprefix("device.")))
        tell_groups(told)


def _changed(group: str, uid: str) -> tuple[str, dict[str, Any]]:
    return group, {"type": "object.changed", "group": group, "model": "devices.device", "uid": uid}
