"""Adds tags to many devices, and takes others away."""

from __future__ import annotations

from typing import Any

from core.exceptions import Conflict
from devices.constants import MAX_TAGS
from devices.services import device_edit
from fleet.bulk.forms import TagDevicesForm
from fleet.bulk.registry import BulkAction, bulk_actions


@bulk_actions.register
class TagDevices(BulkAction):
    """Leaves the other tags of each device as they are."""

    slug = "tags"
    label = "Tags"
    icon = "tags"
    order = 20
    question = "Change the tags of"
    form_class = TagDevicesForm

    def perform(
        self, actor: Any, device: Any, *, added: list[str], removed: list[str]
    ) -> str | None:
        """Call the service; raises Conflict (devices.too_many_tags)."""
        kept = [tag for tag in device.tags if tag not in removed]
        tags = [*kept, *(tag for tag in added if tag not in kept)]
        if len(tags) > MAX_TAGS:
            raise Conflict("devices.too_many_tags", f"A device has at most {MAX_TAGS} tags.")
        if tags == device.tags:
            return "Its tags are so already."
        device_edit(actor, device=device, tags=tags)
        return None
