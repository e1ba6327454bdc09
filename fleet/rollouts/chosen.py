"""Which devices a rollout is for, as people and scripts say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from core.views.selection import Selection
from devices.filters import DeviceFilterSet
from devices.models import Device, Mesh


def updatable(actor: Any, organization: Any) -> QuerySet[Device]:
    """Return the devices of an organization that the actor may give firmware to."""
    return Device.objects.allowed(actor, "build").filter(organization=organization)


def chosen_devices(
    actor: Any,
    organization: Any,
    request: Any,
    *,
    mesh: Mesh | None = None,
    uids: Iterable[Any] = (),
    query: str | None = None,
) -> QuerySet[Device]:
    """Return devices by mesh, by list, or by the filters of their list; all three narrow."""
    rows = updatable(actor, organization)
    if mesh is not None:
        rows = rows.filter(memberships__mesh=mesh)
    named = tuple(uids)
    if named:
        rows = Selection(uids=named).among(rows, DeviceFilterSet, request)
    if query is not None:
        rows = Selection(query=query.lstrip("?")).among(rows, DeviceFilterSet, request)
    return rows
