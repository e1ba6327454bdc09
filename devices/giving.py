"""A device goes to another organization: what belongs to the device goes along, the rest is undone.

Part of a transfer (fleet.transfers), which decides, audits and tells; everything here happens in
its transaction. Keys, variables, builds and messages have a `giving` of their own.
"""

from __future__ import annotations

from typing import Any

from accounts.models import Organization
from accounts.services.limits import require_room
from accounts.services.sharing import shares_end
from accounts.tree import paths_to
from core.exceptions import Conflict
from devices.handover import former_owner_note
from devices.mesh_services import mesh_leave, rules_due
from devices.models import Device, Mesh
from devices.selectors import find_device
from devices.transformers.services import chain_of, device_set_transformers


def device_loosen(actor: Any, *, device: Device) -> None:
    """Undo what ties a device to its organization: meshes, transformers, shares. Audits each."""
    for mesh in Mesh.objects.filter(members__device=device):
        mesh_leave(actor, mesh=mesh, device=device)
    if chain_of(device):
        device_set_transformers(actor, device=device, transformers=[])
    shares_end(Device, [device.pk])


def device_give(*, device: Device, organization: Any, source: Any = None) -> None:
    """Give a loosened device to another organization, and remember who had it.

    `source` is one of that organization. Locks both organizations. Raises QuotaExceeded
    (accounts.limit_reached) and Conflict (devices.mac_taken, devices.topic_taken).
    """
    former = device.organization
    wanted = {former.pk, organization.pk}
    rows = Organization.objects.filter(pk__in=wanted).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
    require_room(organization, "devices", except_at=paths_to(former.path))
    other = find_device(organization, mac=device.mac)
    if other is not None:
        raise Conflict("devices.mac_taken", "A device of the recipient has this MAC address.")
    if Mesh.objects.filter(organization=organization, mesh_id__iexact=device.udid).exists():
        raise Conflict("devices.topic_taken", "A mesh of the recipient has this device's topic.")
    device.organization = organization
    device.source = source
    device.mesh_ids = []
    device.save(update_fields=["organization", "source", "mesh_ids"])
    former_owner_note(device=device, organization=former)
    rules_due(organization)
