"""Configuration pushes, bulk jobs and transfers."""

from __future__ import annotations

from typing import Any

from accounts.actor import Actor
from devices.models import Device
from fleet.bulk.registry import bulk_actions
from fleet.bulk.services import bulk_job_start
from fleet.models import BulkJob, ConfigReceipt
from fleet.pushes.services import config_push_start
from fleet.transfers.models import TransferParty
from fleet.transfers.requesting import transfer_request


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


def make_transfer(devices: list[Device], to: str, *, user: Any = None, **options: Any) -> Any:
    """Offer devices through the service; return the side of the sender."""
    actor = Actor.for_user(user, verified=True) if user else Actor.named_system("tests")
    return transfer_request(actor, devices=devices, to=to, **options)


def other_side(party: TransferParty) -> TransferParty:
    """Return the side of the recipient."""
    rows = TransferParty.objects.select_related("organization", "transfer")
    return rows.get(transfer=party.transfer, direction="incoming")
