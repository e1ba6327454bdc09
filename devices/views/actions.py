"""Buttons of a device, in lists and on its page."""

from __future__ import annotations

from core.views import Action

DEVICE_ACTIONS = (
    Action("Edit", "edit", permission="change", icon="edit"),
    Action("Build firmware", "build", icon="hammer", style="primary"),
    Action("Delete", "delete", icon="trash", style="danger"),
)
