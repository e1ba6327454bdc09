"""All writes to meshes and to which devices are in them.

`Device.mesh_ids` repeats what MeshMember says, so that a check-in reads one row: every writer here
locks the device and counts anew.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from django.db import transaction

from audit.changes import changed, snapshot
from audit.recorder import record
from core.exceptions import Conflict
from core.jobs import changed_on_commit
from devices import events
from devices.constants import MAX_MESHES
from devices.models import Device, Mesh, MeshMember
from devices.topics import why_taken

EDITABLE = ("alias", "description")
PORTION = 500


@transaction.atomic
def mesh_create(
    actor: Any, *, organization: Any, mesh_id: str = "", alias: str = "", description: str = ""
) -> Mesh:
    """Make a mesh; without an id it gets a random one, without a name its id. Audits, broadcasts.

    Raises Conflict (devices.mesh_id_taken) when another mesh, a device or the protocol has the id.
    """
    mesh_id = mesh_id or f"{uuid.uuid4()}"
    mesh = Mesh(
        organization=organization,
        mesh_id=mesh_id,
        alias=alias or mesh_id,
        description=description,
    )
    mesh.full_clean(validate_unique=False, validate_constraints=False)
    _require_free(organization, mesh_id)
    mesh.save(force_insert=True)
    record(actor, events.MeshCreated, mesh, organization=organization, mesh_id=mesh_id)
    _tell(mesh)
    return mesh


@transaction.atomic
def mesh_edit(actor: Any, *, mesh: Mesh, **fields: Any) -> Mesh:
    """Change the name or the description; the id is a topic and stays. Audits, broadcasts."""
    unknown = fields.keys() - {*EDITABLE}
    if unknown:
        raise TypeError(f"not fields of a mesh that change: {', '.join(sorted(unknown))}")
    before = snapshot(Mesh.objects.get(pk=mesh.pk), fields)
    for name, value in fields.items():
        setattr(mesh, name, value)
    mesh.full_clean(validate_unique=False, validate_constraints=False)
    if changes := changed(mesh, before):
        mesh.save(update_fields=[*changes])
        record(actor, events.MeshChanged, mesh, organization=mesh.organization, changes=changes)
        _tell(mesh)
    return mesh


@transaction.atomic
def mesh_delete(actor: Any, *, mesh: Mesh) -> None:
    """Delete a mesh; its devices stay and lose its topic. Audits, broadcasts."""
    pks = list(mesh.members.order_by("device").values_list("device", flat=True))
    record(
        actor,
        events.MeshDeleted,
        mesh,
        organization=mesh.organization,
        mesh_id=mesh.mesh_id,
        devices=len(pks),
    )
    _tell(mesh)
    for portion in _portions(pks):
        _lock(portion)
    mesh.delete()
    for portion in _portions(pks):
        _keep_mesh_ids(portion)


@transaction.atomic
def mesh_attach(actor: Any, *, mesh: Mesh, device: Device) -> bool:
    """Put a device into a mesh; return whether it was not there before. Audits, broadcasts.

    The device is told at its next check-in, and may use the topic within seconds. Raises Conflict
    (devices.foreign_mesh, devices.too_many_meshes).
    """
    if mesh.organization_id != device.organization_id:
        raise Conflict(
            "devices.foreign_mesh",
            "A device joins meshes of its own organization.",
            fields={"device": ["It is in another organization than the mesh."]},
        )
    _lock([device.pk])
    if MeshMember.objects.filter(mesh=mesh, device=device).exists():
        return False
    if MeshMember.objects.filter(device=device).count() >= MAX_MESHES:
        raise Conflict("devices.too_many_meshes", f"A device is in at most {MAX_MESHES} meshes.")
    MeshMember.objects.create(mesh=mesh, device=device)
    _moved(actor, events.DeviceAttached, mesh, device)
    return True


@transaction.atomic
def mesh_attach_all(actor: Any, *, mesh: Mesh, devices: Collection[Device]) -> int:
    """Put these devices into a mesh, all or none; return how many were not there before."""
    return sum(mesh_attach(actor, mesh=mesh, device=device) for device in devices)


@transaction.atomic
def mesh_detach(actor: Any, *, mesh: Mesh, device: Device) -> bool:
    """Take a device out of a mesh; return whether it was in it. Audits, broadcasts."""
    _lock([device.pk])
    removed, _ = MeshMember.objects.filter(mesh=mesh, device=device).delete()
    if removed:
        _moved(actor, events.DeviceDetached, mesh, device)
    return bool(removed)


@transaction.atomic
def device_set_meshes(
    actor: Any, *, device: Device, meshes: Collection[Mesh], among: Collection[Mesh]
) -> None:
    """Put a device into these of the meshes `among`, and out of the others of them."""
    wanted = {mesh.pk for mesh in meshes}
    for mesh in among:
        move = mesh_attach if mesh.pk in wanted else mesh_detach
        move(actor, mesh=mesh, device=device)


def _require_free(organization: Any, mesh_id: str) -> None:
    if taken := why_taken(organization, mesh_id):
        raise Conflict("devices.mesh_id_taken", taken, fields={"mesh_id": [taken]})


def _moved(actor: Any, event: Any, mesh: Mesh, device: Device) -> None:
    _keep_mesh_ids([device.pk])
    device.mesh_ids = Device.objects.values_list("mesh_ids", flat=True).get(pk=device.pk)
    organization = mesh.organization
    record(actor, event, device, organization=organization, mesh=mesh.alias, mesh_id=mesh.mesh_id)
    changed_on_commit(device, f"org.{organization.uid}", f"device.{device.uid}")
    _tell(mesh)


def _lock(pks: Collection[int]) -> None:
    rows = Device.objects.filter(pk__in=pks).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list("pk", flat=True))


def _keep_mesh_ids(pks: Collection[int]) -> None:
    """Write down for each device what MeshMember says; devices that are alike share a statement."""
    said: dict[int, list[str]] = {pk: [] for pk in pks}
    rows = MeshMember.objects.filter(device__in=pks).order_by("mesh__mesh_id")
    for pk, mesh_id in rows.values_list("device", "mesh__mesh_id"):
        said[pk].append(mesh_id)
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for pk, mesh_ids in said.items():
        alike[tuple(mesh_ids)].append(pk)
    for ids, same in alike.items():
        Device.objects.filter(pk__in=same).update(mesh_ids=list(ids))


def _portions(pks: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(pks), PORTION):
        yield pks[start : start + PORTION]


def _tell(mesh: Mesh) -> None:
    changed_on_commit(mesh, f"org.{mesh.organization.uid}")
