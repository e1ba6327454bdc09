"""Reads of devices that pages, builds and the gateway share."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q

from devices.models import Device


def find_device(
    organization: Any, *, udid: uuid.UUID | None = None, mac: str = ""
) -> Device | None:
    """Return the organization's device of this udid, else of this MAC, with its state. One query.

    Another organization's device is never found, whatever it is called.
    """
    rule = Q()
    if udid is not None:
        rule |= Q(uid=udid)
    if mac:
        rule |= Q(mac=mac)
    if not rule:
        return None
    rows = Device.objects.filter(rule, organization=organization)
    found = list(rows.select_related("state").order_by()[:2])
    device = min(found, key=lambda device: device.uid != udid, default=None)
    if device is not None:
        device.organization = organization
    return device
