"""The workflows in the Django admin; what has no page of its own is shown plainly."""

from __future__ import annotations

from core.admin import register_rest
from fleet.bulk import admin as bulk
from fleet.pushes import admin as pushes
from fleet.rollouts import admin as rollouts
from fleet.transfers import admin as transfers

__all__ = [
    "bulk",
    "pushes",
    "rollouts",
    "transfers",
]

register_rest("fleet")
