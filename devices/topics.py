"""The second level of an owner's MQTT topics: a udid, the id of a mesh, or `shared`; never two.

What takes a level locks the organization first, so that of two at once the second sees the first.
"""

from __future__ import annotations

import uuid
from typing import Any

from accounts.models import Organization
from devices.models import Device, Mesh

# Levels with a meaning of their own.
RESERVED = {"shared"}


def why_taken(organization: Any, level: str) -> str:
    """Return the sentence that says why no mesh can have this id, or nothing."""
    _lock(organization)
    if level.lower() in RESERVED:
        return f"“{level}” is a topic that all devices share already."
    if Mesh.objects.filter(organization=organization, mesh_id=level).exists():
        return "Another mesh has this id."
    if _bears_udid(organization, level):
        return "A device has this id, and so the topic."
    return ""


def is_free_udid(organization: Any, udid: uuid.UUID) -> bool:
    """Tell whether a new device may have the udid: no device has it, and no mesh here."""
    _lock(organization)
    if Device.objects.filter(uid=udid).exists():
        return False
    return not Mesh.objects.filter(organization=organization, mesh_id__iexact=f"{udid}").exists()


def _bears_udid(organization: Any, level: str) -> bool:
    try:
        uid = uuid.UUID(level)
    except ValueError:
        return False
    return Device.objects.filter(organization=organization, uid=uid).exists()


def _lock(organization: Any) -> None:
    rows = Organization.objects.filter(pk=organization.pk).select_for_update(no_key=True)
    list(rows.values_list("pk", flat=True))
