"""The line on a device's page that says which rollout it is in, and how far."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Q, When

from devices.firmware import FirmwareNote, register_firmware_note
from devices.models import Device
from fleet.rollouts.choices import MOVING, OPEN
from fleet.rollouts.models import RolloutTarget


@register_firmware_note
def rollout_note(actor: Any, device: Device) -> FirmwareNote | None:
    """Return the rollout that has the device under way, else the newest that has yet to end."""
    under_way = Q(state__in=OPEN)
    rows = RolloutTarget.objects.allowed(actor).filter(device=device)
    rows = rows.filter(under_way | Q(rollout__state__in=MOVING)).select_related("rollout")
    target = rows.order_by(Case(When(under_way, then=0), default=1), "-pk").first()
    if target is None:
        return None
    rollout = target.rollout
    return FirmwareNote(
        label="Rollout",
        name=rollout.name,
        url=rollout.get_absolute_url(),
        status=target.state,
        word=target.get_state_display(),
        text=f"{rollout.get_state_display().lower()}, wave {target.wave} of {rollout.waves}:",
    )
