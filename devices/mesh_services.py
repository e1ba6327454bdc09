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
from django.utils import timezone

from audit.changes import changed, snapshot
from audit.recorder import record
from core.exceptions import Conflict, Forbidden
from core.jobs import changed_on_commit
from core.scoping import may_in
from devices import events
from devices.constants import MAX_MESHES
from devices.locking import device_locked
from devices.mesh_rules import clean_rule
from devices.models import Device, Mesh, MeshMember
from devices.topics import why_taken

EDITABLE = ("alias", "description", "rule")
PORTION = 500


@transaction.atomic
def mesh_create(
    actor: Any,
    *,
    organization: Any,
    mesh_id: str = "",
    alias: str = "",
    description: str = "",
    rule: str = "",
) -> Mesh:
    """Make a mesh; without an id it gets a random one, without a name its id. Audits, broadcasts.

    With a `rule` the devices that match it are in, within seconds. Raises Conflict
    (devices.mesh_id_taken) when another mesh, a device or the protocol has the id, and DomainError
    (devices.bad_rule).
    """
    rule = _permitted_rule(actor, organization, rule)
    mesh_id = mesh_id or f"{uuid.uuid4()}"
    mesh = Mesh(
        organization=organization,
        mesh_id=mesh_id,
        alias=alias or mesh_id,
        description=description,
        rule=rule,
        due_at=timezone.now() if rule else None,
    )
    mesh.full_clean(validate_unique=False, validate_constraints=False)
    _require_free(organization, mesh_id)
    mesh.save(force_insert=True)
    facts = {"mesh_id": mesh_id, **({"rule": rule} if rule else {})}
    record(actor, events.MeshCreated, mesh, organization=organization, **facts)
    _tell(mesh)
    return mesh


@transaction.atomic
def mesh_edit(actor: Any, *, mesh: Mesh, **fields: Any) -> Mesh:
    """Change the name, the description or the rule; the id is a topic and stays.

    With another rule the devices follow within seconds; without one those that are in stay, and
    people attach and detach from then on. Audits, broadcasts. Raises DomainError
    (devices.bad_rule).
    """
    unknown = fields.keys() - {*EDITABLE}
    if unknown:
        raise TypeError(f"not fields of a mesh that change: {', '.join(sorted(unknown))}")
    if "rule" in fields:
        fields["rule"] = _permitted_rule(actor, mesh.organization, fields["rule"], mesh.rule)
    before = snapshot(Mesh.objects.get(pk=mesh.pk), fields)
    for name, value in fields.items():
        setattr(mesh, name, value)
    mesh.full_clean(validate_unique=False, validate_constraints=False)
    if changes := changed(mesh, before):
        if "rule" in changes:
            mesh.due_at = timezone.now() if mesh.rule else None
        mesh.save(update_fields=[*changes, "due_at"])
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
    for portion in portions_of(pks):
        lock_devices(portion)
    mesh.delete()
    for portion in portions_of(pks):
        keep_mesh_ids(portion)


@transaction.atomic
def mesh_attach(actor: Any, *, mesh: Mesh, device: Device) -> bool:
    """Put a device into a mesh; return whether it was not there before. Audits, broadcasts.

    The device is told at its next check-in, and may use the topic within seconds. Raises Conflict
    (devices.foreign_mesh, devices.too_many_meshes, devices.mesh_is_dynamic).
    """
    if mesh.organization_id != device.organization_id:
        raise Conflict(
            "devices.foreign_mesh",
            "A device joins meshes of its own organization.",
            fields={"device": ["It is in another organization than the mesh."]},
        )
    _require_static(mesh)
    device_locked(device)
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
    """Take a device out of a mesh; return whether it was in it. Audits, broadcasts.

    Raises Conflict (devices.mesh_is_dynamic).
    """
    _require_static(mesh)
    return mesh_leave(actor, mesh=mesh, device=device)


@transaction.atomic
def mesh_leave(actor: Any, *, mesh: Mesh, device: Device) -> bool:
    """Take a device out whatever the rule of the mesh says: it leaves the organization. Audits."""
    lock_devices([device.pk])
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


def rules_due(organization: Any) -> None:
    """Have the dynamic meshes looked at soon: devices of the organization changed. One query."""
    now = timezone.now()
    Mesh.objects.filter(organization=organization, due_at__gt=now).update(due_at=now)


def _permitted_rule(actor: Any, organization: Any, text: str, before: str = "") -> str:
    """Return the rule; to set another one is to attach devices, which one must be allowed to."""
    rule = clean_rule(actor, text)
    if rule not in {"", before} and not may_in(actor, Device, "change", organization):
        raise Forbidden(
            "devices.rule_needs_devices",
            "A rule attaches devices, and you may not change those of this organization.",
            fields={"rule": ["You may not change the devices of this organization."]},
        )
    return rule


def _require_static(mesh: Mesh) -> None:
    if Mesh.objects.filter(pk=mesh.pk).exclude(rule="").exists():
        raise Conflict(
            "devices.mesh_is_dynamic",
            f"Who is in {mesh} is said by its rule. Change the rule, or the device.",
            fields={"mesh": ["Who is in this mesh is said by its rule."]},
        )


def _require_free(organization: Any, mesh_id: str) -> None:
    if taken := why_taken(organization, mesh_id):
        raise Conflict("devices.mesh_id_taken", taken, fields={"mesh_id": [taken]})


def _moved(actor: Any, event: Any, mesh: Mesh, device: Device) -> None:
    keep_mesh_ids([device.pk])
    device.mesh_ids = Device.objects.values_list("mesh_ids", flat=True).get(pk=device.pk)
    organization = mesh.organization
    record(actor, event, device, organization=organization, mesh=mesh.alias, mesh_id=mesh.mesh_id)
    changed_on_commit(device, f"org.{organization.uid}", f"device.{device.uid}")
    _tell(mesh)


def lock_devices(pks: Collection[int]) -> None:
    """Lock these devices, in one order, until the transaction ends."""
    rows = Device.objects.filter(pk__in=pks).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list("pk", flat=True))


def keep_mesh_ids(pks: Collection[int]) -> None:
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


def portions_of(pks: list[int]) -> Iterator[list[int]]:
    """Yield as many at a time as one transaction takes."""
    for start in range(0, len(pks), PORTION):
        yield pks[start : start + PORTION]


def _tell(mesh: Mesh) -> None:
    changed_on_commit(mesh, f"org.{mesh.organization.uid}")
