"""Buttons of a device, in lists and on its page."""

from __future__ import annotations

from dataclasses import replace

from core.views import Action

BUILD_ACTION = Action("Build firmware", "build", icon="hammer", style="primary")
# The same within the page, whose header has the primary one.
BUILD_HERE = replace(BUILD_ACTION, style="default")
DEVICE_ACTIONS = (
    Action("Edit", "edit", permission="change", icon="edit"),
    BUILD_ACTION,
    Action("Release", "release", permission="delete", icon="plug", style="danger"),
    Action("Delete", "delete", icon="trash", style="danger"),
)
