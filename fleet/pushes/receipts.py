"""How far a push came to one device; what reaches devices calls this, and loads no pages for it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from devices.models import Device
from fleet.pushes.choices import OPEN, Channel, Proof, ReceiptState
from fleet.pushes.messages import configuration_message
from fleet.pushes.models import ConfigReceipt
from fleet.pushes.moving import move


def open_receipt(device: Device) -> ConfigReceipt | None:
    """Return what is on its way to the device, if anything is. One query."""
    rows = ConfigReceipt.objects.filter(device=device, state__in=OPEN)
    receipt = rows.select_related("push", "variant").first()
    if receipt is not None:
        receipt.device = device
    return receipt


def config_message_of(receipt: ConfigReceipt) -> bytes:
    """Return the bytes that the device is to get."""
    return configuration_message(receipt.carried.values())


@transaction.atomic
def config_push_sent(*, receipt: ConfigReceipt, channel: Channel) -> bool:
    """Note that it leaves for the device; False when another one has it, or it is over."""
    sent = {"sent_at": timezone.now(), "channel": channel, "attempts": receipt.attempts + 1}
    return move(receipt, ReceiptState.SENT, **sent)


@transaction.atomic
def config_push_delivered(*, receipt: ConfigReceipt) -> bool:
    """Note that it reached the device's connection. Broadcasts."""
    return move(receipt, ReceiptState.DELIVERED, delivered_at=timezone.now())


@transaction.atomic
def config_push_applied(*, receipt: ConfigReceipt, proof: Proof) -> bool:
    """Note that the device has it, and what says so. Broadcasts."""
    return move(receipt, ReceiptState.APPLIED, ended_at=timezone.now(), proof=proof)


@transaction.atomic
def config_push_failed(*, receipt: ConfigReceipt, words: str) -> bool:
    """Note that the device could not take it, in its own words. Broadcasts."""
    return move(receipt, ReceiptState.FAILED, ended_at=timezone.now(), words=words)
