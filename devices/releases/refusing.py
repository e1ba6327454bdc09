"""Calls of devices that were released: they are not registered anew behind people's backs."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from devices.releases.models import ReleasedDevice

NOTED_EVERY = timedelta(minutes=1)


class DeviceReleased(Exception):
    """The device that calls was released by the organization whose key it has."""

    def __init__(self, released: ReleasedDevice) -> None:
        super().__init__("the device was released")
        self.released = released


def require_not_released(organization: Any, *, udid: uuid.UUID | None, mac: str) -> None:
    """Raise DeviceReleased when the organization let go of this device. One query."""
    rule = Q(udid=udid) if udid is not None else Q(pk__in=[])
    if mac:
        rule |= Q(mac=mac)
    released = ReleasedDevice.objects.filter(rule, organization=organization).first()
    if released is not None:
        raise DeviceReleased(released)


def released_called(released: ReleasedDevice) -> bool:
    """Note that a released device called, at most once a minute; return whether it was noted."""
    now = timezone.now()
    rows = ReleasedDevice.objects.filter(pk=released.pk)
    due = Q(called_at=None) | Q(called_at__lt=now - NOTED_EVERY)
    return bool(rows.filter(due).update(called_at=now))
