"""Configuration pushes."""

from __future__ import annotations

from typing import Any

from accounts.actor import Actor
from devices.models import Device
from fleet.models import ConfigReceipt
from fleet.pushes.services import config_push_start


def make_push(device: Device, values: dict[str, str] | None = None, **more: Any) -> ConfigReceipt:
    """Push through the service, as the tests."""
    actor = Actor.named_system("tests")
    return config_push_start(actor, device=device, values=values or {"EVERY": "60"}, **more)
