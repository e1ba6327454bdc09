"""Buttons of a device, in lists and on its page."""

from __future__ import annotations

from core.views import Action

BUILD_ACTION = Action("Build firmware", "build", icon="hammer", style="primary")
DEVICE_ACTIONS = (
    Action("Edit", "edit", permission="change", icon="edit"),
    BUILD_ACTION,
    Action("Release", "release", permission="delete", icon="plug"),
    Action("Delete", "delete", icon="trash", style="danger"),
)
