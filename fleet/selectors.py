"""Reads of the fleet app."""

from __future__ import annotations

from typing import Any

from devices.models import Device
from fleet.choices import OPEN
from fleet.models import ConfigReceipt


def open_receipt(device: Device) -> ConfigReceipt | None:
    """Return what is on its way to the device, if anything is. One query."""
    rows = ConfigReceipt.objects.filter(device=device, state__in=OPEN)
    receipt = rows.select_related("push").first()
    if receipt is not None:
        receipt.device = device
    return receipt


def receipts_of(actor: Any, device: Device) -> Any:
    """Return what was ever sent to the device, newest first, as far as the actor may see it."""
    rows = ConfigReceipt.objects.allowed(actor).filter(device=device)
    return rows.select_related("push__created_by")
