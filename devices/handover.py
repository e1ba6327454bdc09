"""Devices that changed hands: the record of it, and what the device itself may still learn.

Deployed devices keep their owner id; the answer to a check-in is the only way to give them
another. Whoever the device belonged to must learn nothing and do nothing through that.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from devices.models import Device, DeviceState, FormerOwner


class DeviceMoved(Exception):
    """The device that calls belongs to another organization by now."""

    def __init__(self, former: FormerOwner) -> None:
        super().__init__("the device has another owner")
        self.former = former


@transaction.atomic
def former_owner_note(*, device: Device, organization: Any) -> FormerOwner:
    """Remember who gave the device away; part of what moves a device, which audits.

    Called in the same transaction, before the device is renamed or calls again.
    """
    FormerOwner.objects.filter(device=device, organization=device.organization_id).delete()
    state = DeviceState.objects.filter(device=device).first()
    return FormerOwner.objects.update_or_create(
        device=device,
        organization=organization,
        defaults={
            "alias": device.alias,
            "key_prefix": state.last_key_prefix if state is not None else "",
            "moved_at": timezone.now(),
        },
    )[0]


def require_not_moved(organization: Any, *, udid: uuid.UUID | None, mac: str) -> None:
    """Raise DeviceMoved when the organization gave this device away. One query."""
    rule = Q(device__uid=udid) if udid is not None else Q(pk__in=[])
    if mac:
        rule |= Q(device__mac=mac)
    rows = FormerOwner.objects.filter(rule, organization=organization)
    former = rows.select_related("device__organization", "device__state").first()
    if former is not None:
        raise DeviceMoved(former)


def owned_before(device: Device, owner_id: str) -> bool:
    """Tell whether the organization with this owner id gave the device away."""
    rows = FormerOwner.objects.filter(device=device, organization__owner_id=owner_id)
    return rows.exists()


def may_be_told(former: FormerOwner, *, key_prefix: str, mac: str) -> bool:
    """Tell whether a caller with a valid key of the former owner has shown to be the device.

    It has the key that the device called with last, it has the device's MAC, and the device has
    not called its new owner yet: once it has followed, nobody is told anything. A call that was
    under way while the device moved came with the old key, so it does not count.
    """
    device = former.device
    state = getattr(device, "state", None)
    has_called = state is not None and (state.last_seen_at or former.moved_at) > former.moved_at
    last_key = state.last_key_prefix if state is not None else ""
    has_followed = has_called and last_key != former.key_prefix
    is_its_key = bool(former.key_prefix) and key_prefix == former.key_prefix
    return is_its_key and not has_followed and bool(device.mac) and mac == device.mac
