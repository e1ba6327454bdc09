"""Configuration pushes and bulk jobs."""

from __future__ import annotations

from typing import Any

from accounts.actor import Actor
from devices.models import Device
from fleet.bulk.registry import bulk_actions
from fleet.bulk.services import bulk_job_start
from fleet.models import BulkJob, ConfigReceipt
from fleet.pushes.services import config_push_start


def make_push(device: Device, values: dict[str, str] | None = None, **more: Any) -> ConfigReceipt:
    """Push through the service, as the tests."""
    actor = Actor.named_system("tests")
    return config_push_start(actor, device=device, values=values or {"EVERY": "60"}, **more)


def make_bulk_job(person: Any, *devices: Device, action: str = "tags", **fields: Any) -> BulkJob:
    """Start a job for these devices in the name of a person."""
    return bulk_job_start(
        Actor.for_user(person, verified=True),
        organization=devices[0].organization,
        action=bulk_actions.get(action),
        fields={k: [v] for k, v in fields.items()} if fields else {"added": ["new"]},
        devices=Device.objects.filter(pk__in=[device.pk for device in devices]),
    )
