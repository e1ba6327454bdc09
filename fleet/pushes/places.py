"""In which organization a push to chosen devices belongs."""

from __future__ import annotations

from typing import Any

from accounts.models import Organization
from accounts.tree import paths_to
from core.views.selection import Selection
from devices.filters import DeviceFilterSet
from devices.models import Device

# Devices of more organizations than that are those of the header's.
MOST = 200


def place_of(actor: Any, chosen: Selection, request: Any) -> Organization | None:
    """Return the lowest organization that all chosen devices are in or below, if there is one."""
    devices = Device.objects.allowed(actor, "configure")
    narrowed = getattr(request, "organization", None)
    if narrowed:
        devices = devices.filter(organization__path__startswith=narrowed.path)
    rows = chosen.among(devices, DeviceFilterSet, request).order_by()
    paths = list(rows.values_list("organization__path", flat=True).distinct()[:MOST])
    shared = set(paths_to(paths[0])).intersection(*map(paths_to, paths)) if paths else ()
    lowest = Organization.objects.allowed(actor).filter(path__in=shared).order_by("-path")
    return lowest.first()
