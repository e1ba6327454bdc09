"""Deletes many devices."""

from __future__ import annotations

from typing import Any

from devices.consequences import deletion_consequences
from devices.services import device_delete
from fleet.bulk.constants import AT_ONCE
from fleet.bulk.registry import BulkAction, bulk_actions


@bulk_actions.register
class DeleteDevices(BulkAction):
    """With their builds, firmware keys and history."""

    slug = "delete"
    label = "Delete"
    icon = "trash"
    style = "danger"
    order = 990
    permission = "delete"
    question = "Delete"
    done_word = "deleted"
    danger = True

    def consequences(self, devices: Any, count: int) -> list[str]:
        """Name what goes with them; what is too much to be counted is only named."""
        if count <= AT_ONCE:
            return deletion_consequences(devices)
        return [
            "Their builds with artifacts and logs, firmware keys, variables and history go with "
            "them.",
            "Devices that call again with another valid API key come back as new.",
        ]

    def perform(self, actor: Any, device: Any) -> str | None:
        """Call the service."""
        device_delete(actor, device=device)
        return None
