"""Letting go of a device, and taking it back."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.services.limits import require_room
from audit.recorder import record
from core.exceptions import Conflict
from core.jobs import changed_on_commit
from devices import events
from devices.mesh_services import mesh_attach
from devices.models import Device, DeviceState, Mesh
from devices.releases.models import ReleasedDevice
from devices.selectors import find_device
from devices.services import device_remove
from devices.timezones import UNSET, zone_chosen
from devices.topics import is_free_udid

# What people decided about a device, which comes back with it.
KEPT = (
    "alias", "mac", "platform", "source", "auto_update", "checkin_interval", "description", "icon",
    "category", "tags",
)  # fmt: skip
TAKEN = "Somebody else has this device by now."


@transaction.atomic
def device_release(actor: Any, *, device: Device) -> ReleasedDevice:
    """Let go of a device: whoever it calls with a key of has it from then on. Audits, broadcasts.

    Its builds, history, variables and firmware key are gone; what people decided about it is kept.
    """
    state = DeviceState.objects.filter(device=device).first()
    zone = state.timezone_name if state is not None else UNSET
    released, _ = ReleasedDevice.objects.update_or_create(
        organization=device.organization,
        udid=device.uid,
        defaults={
            **{name: getattr(device, name) for name in KEPT},
            "timezone_name": "" if zone == UNSET else zone,
            "mesh_ids": device.mesh_ids,
            "released_by": actor.user,
            "released_at": timezone.now(),
            "called_at": None,
        },
    )
    device_remove(actor, device=device, event=events.DeviceReleased)
    _tell(released)
    return released


@transaction.atomic
def device_reclaim(actor: Any, *, released: ReleasedDevice) -> Device:
    """Take a released device back, as people had set it up. Audits, broadcasts.

    Raises Conflict (devices.claimed) once somebody else has it, (devices.mac_taken) when another
    device of the organization has its MAC by now, and QuotaExceeded (accounts.limit_reached).
    """
    organization = released.organization
    require_room(organization, "devices")
    if not ReleasedDevice.objects.filter(pk=released.pk).delete()[0]:
        raise Conflict("devices.not_released", "The device is not released any more.")
    if not is_free_udid(organization, released.udid):
        raise Conflict("devices.claimed", TAKEN)
    other = find_device(organization, mac=released.mac)
    if other is not None:
        raise Conflict("devices.mac_taken", f"{other.alias} has its MAC address by now.")
    fields = {name: getattr(released, name) for name in KEPT}
    device = Device(organization=organization, uid=released.udid, **fields)
    try:
        with transaction.atomic():
            device.save(force_insert=True)
    except IntegrityError:  # claimed in this moment
        raise Conflict("devices.claimed", TAKEN) from None
    zone = zone_chosen(released.timezone_name, timezone.now())
    device.state = DeviceState.objects.create(device=device, **zone)
    record(
        actor,
        events.DeviceReclaimed,
        device,
        organization=organization,
        mac=device.mac,
        udid=device.udid,
    )
    rows = Mesh.objects.filter(organization=organization, mesh_id__in=released.mesh_ids)
    for mesh in rows.select_related("organization"):
        mesh_attach(actor, mesh=mesh, device=device)
    changed_on_commit(device, f"org.{organization.uid}", f"device.{device.uid}")
    return device


@transaction.atomic
def released_forget(actor: Any, *, released: ReleasedDevice) -> None:
    """Drop what is kept of a released device; if it calls again, it is new. Audits, broadcasts."""
    organization = released.organization
    record(
        actor,
        events.ReleaseForgotten,
        released,
        organization=organization,
        mac=released.mac,
        udid=f"{released.udid}",
    )
    _tell(released)
    released.delete()


def _tell(released: ReleasedDevice) -> None:
    changed_on_commit(released, f"org.{released.organization.uid}")
