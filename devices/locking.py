"""One writer of a device at a time, and none who still takes it for another organization's."""

from __future__ import annotations

from core.exceptions import Conflict
from devices.models import Device


def device_locked(device: Device) -> Device:
    """Lock the row until the transaction ends, and return it as it is now.

    Raises Conflict (devices.moved) when it went to another organization, or away, since it was
    read.
    """
    now = Device.objects.select_for_update().filter(pk=device.pk).first()
    if now is None or now.organization_id != device.organization_id:
        raise Conflict("devices.moved", "The device is not in this organization any more.")
    return now
