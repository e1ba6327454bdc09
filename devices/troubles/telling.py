"""What troubles of both kinds have in common: portions, age, and how a device is told of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from devices.models import Device
from notifications.services import Happened

PORTION = 2000
# What became due before that is no news: the console was away, or this release is new here.
NEWS = timedelta(days=1)


def happened(
    device: Device, since: datetime, facts: dict[str, Any], *, after: Sequence[int] = ()
) -> Happened:
    """Return a device as news take it; `after` are the waiting times of who hears of it."""
    return Happened(
        device.organization_id,
        target_id=device.pk,
        name=device.alias,
        url=reverse("devices:device", kwargs={"uid": device.uid}),
        facts={"device": f"{device.uid}", **facts},
        tags=device.tags,
        meshes=device.mesh_ids,
        after=after,
        at=since,
    )
