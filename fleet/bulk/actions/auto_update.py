"""Turns automatic updates of many devices on or off."""

from __future__ import annotations

from typing import Any

from devices.forms import AutoUpdateForm
from devices.services import device_edit
from fleet.bulk.registry import BulkAction, bulk_actions


@bulk_actions.register
class SetUpdates(BulkAction):
    """Whether new builds are installed without being asked."""

    slug = "auto-update"
    label = "Set updates"
    icon = "rotate-clockwise"
    order = 130
    question = "Set updates of"
    form_class = AutoUpdateForm

    def perform(self, actor: Any, device: Any, *, auto_update: bool) -> str | None:
        """Call the service."""
        device_edit(actor, device=device, auto_update=auto_update)
        return None
