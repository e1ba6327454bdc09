"""Edits fields of many devices."""

from __future__ import annotations

from typing import Any

from devices.services import device_edit
from fleet.bulk.forms import EditDevicesForm
from fleet.bulk.registry import BulkAction, bulk_actions

EMPTY = {"category": "", "description": "", "checkin_interval": None}


@bulk_actions.register
class EditDevices(BulkAction):
    """Sets the fields that were filled in, and empties those that were ticked."""

    slug = "edit"
    label = "Edit"
    icon = "edit"
    order = 10
    question = "Edit"
    form_class = EditDevicesForm

    def perform(self, actor: Any, device: Any, *, emptied: list[str], **fields: Any) -> str | None:
        """Call the service."""
        changes = {name: value for name, value in fields.items() if value}
        changes |= {name: EMPTY[name] for name in emptied}
        device_edit(actor, device=device, **changes)
        return None
