"""Filters of released devices."""

from __future__ import annotations

from core.filters import ScopedFilterSet
from devices.releases.models import ReleasedDevice


class ReleasedDeviceFilterSet(ScopedFilterSet):
    """What a released device can be found by."""

    search_fields = ("alias", "mac", "udid")

    class Meta:
        model = ReleasedDevice
        fields: list[str] = []
