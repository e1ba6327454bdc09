"""The buttons of bulk actions over the list of devices: each registered action has one."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse

from core.views import Action, register_bulk_action
from devices.models import Device
from fleet.bulk.registry import BulkAction, bulk_actions


def put_up() -> None:
    """Register a button for each action."""
    for action in bulk_actions:
        button = Action(
            action.label,
            action.slug,
            permission=action.offered_to or action.permission,
            icon=action.icon,
            style=action.style,
            model=action.offered_for,
            address=_address(action),
        )
        register_bulk_action(Device, button, order=action.order)


def _address(action: BulkAction) -> Callable[[], str]:
    return lambda: reverse("fleet:bulkjob_start", kwargs={"slug": action.slug})
