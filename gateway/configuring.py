"""Configuration on the last stretch of its way: into the answer of a check-in, or over MQTT."""

from __future__ import annotations

from typing import Any

from devices.models import Device
from fleet.choices import Channel, ReceiptState
from fleet.models import ConfigReceipt
from fleet.selectors import open_receipt
from fleet.services.pushes import config_message_of, config_push_seen, config_push_sent
from gateway.protocol import answers


def receipt_for(actor: Any, device: Device) -> ConfigReceipt | None:
    """Return what waits for a device that just called; what it was sent before is seen now."""
    receipt = open_receipt(device)
    if receipt is None or receipt.state == ReceiptState.QUEUED:
        return receipt
    config_push_seen(actor, receipt=receipt)
    return None


def configured(actor: Any, receipt: ConfigReceipt, answer: bytes) -> bytes:
    """Return the answer of a check-in with what waits, or as it is when somebody was faster."""
    message = config_message_of(receipt)
    if not config_push_sent(actor, receipt=receipt, channel=Channel.HTTP):
        return answer
    return answers.with_configuration(answer, message, receipt.device.platform)
