"""What counts against the limit of devices."""

from __future__ import annotations

from accounts.services.limits import count_by
from devices.models import Device


def devices_below(path: str) -> int:
    """Return how many devices an organization has with everything below it."""
    return Device.objects.filter(organization__path__startswith=path).count()


count_by("devices", devices_below)
