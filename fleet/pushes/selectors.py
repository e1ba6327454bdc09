"""Reads of the fleet app."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from devices.models import Device
from fleet.pushes.choices import OPEN, ReceiptState
from fleet.pushes.models import ConfigReceipt


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


def queued_receipts() -> Any:
    """Return what waits to be sent, oldest first, of every organization."""
    rows = ConfigReceipt.objects.filter(state=ReceiptState.QUEUED).order_by("pk")
    return rows.select_related("push", "device__organization")


def sent_receipts(device_ids: Iterable[int]) -> Any:
    """Return what these devices were sent and have not been heard of since. One query."""
    rows = ConfigReceipt.objects.filter(state=ReceiptState.SENT, device__in=list(device_ids))
    return rows.select_related("push", "device__organization")
