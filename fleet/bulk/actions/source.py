"""Attaches a source to many devices, or detaches what they have."""

from __future__ import annotations

from typing import Any

from devices.forms import AttachSourceForm
from devices.services import device_edit
from fleet.bulk.registry import BulkAction, bulk_actions


@bulk_actions.register
class AttachSource(BulkAction):
    """One source for all; none detaches."""

    slug = "source"
    label = "Attach source"
    icon = "git-branch"
    order = 100
    question = "Attach a source to"
    form_class = AttachSourceForm

    def perform(self, actor: Any, device: Any, *, source: Any) -> str | None:
        """Call the service."""
        device_edit(actor, device=device, source=source)
        return None
