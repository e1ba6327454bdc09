"""Configuration on the last stretch of its way: into the answer of a check-in, or over MQTT.

A device that listens to its topic gets it there. One that was heard over MQTT before and has left
gets it when it is back: the C++ libraries check in first and connect afterwards, and take one
message from an answer, so for them a check-in is the worse moment. All others get it in the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from devices.models import Device
from fleet.models import ConfigReceipt
from fleet.pushes.choices import Channel, ReceiptState
from fleet.pushes.selectors import open_receipt, queued_receipts, sent_receipts
from fleet.pushes.services import config_message_of, config_push_seen, config_push_sent
from gateway.protocol import answers
from gateway.protocol.messages import read_message
from messaging.choices import Direction
from messaging.models import DeviceMessage
from messaging.services import publish_on_commit

AT_ONCE = 50


def receipt_for(actor: Any, device: Device) -> ConfigReceipt | None:
    """Return what waits for a device that just called; what it was sent before is seen now."""
    receipt = open_receipt(device)
    if receipt is None or receipt.state == ReceiptState.QUEUED:
        return receipt
    config_push_seen(actor, receipt=receipt)
    return None


def configured(actor: Any, receipt: ConfigReceipt, answer: bytes) -> bytes:
    """Return the answer of a check-in with what waits, or as it is when MQTT is the way."""
    newest = _newest_message(receipt.device)
    is_cplusplus = receipt.device.platform.startswith(answers.CPLUSPLUS)
    if newest is not None and (is_cplusplus or _is_there(newest)):
        return answer
    message = config_message_of(receipt)
    if not config_push_sent(actor, receipt=receipt, channel=Channel.HTTP):
        return answer
    return answers.with_configuration(answer, message, receipt.device.platform)


def configuration_publish(actor: Any) -> int:
    """Publish what waits for devices that listen over MQTT; return how much."""
    published = 0
    for receipt in queued_receipts()[:AT_ONCE]:
        newest = _newest_message(receipt.device)
        if newest is None or not _is_there(newest):
            continue
        published += _publish(actor, receipt)
    return published


@transaction.atomic
def _publish(actor: Any, receipt: ConfigReceipt) -> bool:
    device, message = receipt.device, config_message_of(receipt).decode()
    is_sent = config_push_sent(actor, receipt=receipt, channel=Channel.MQTT)
    if is_sent:
        topic = f"/{device.organization.owner_id}/{device.udid}"
        publish_on_commit(topic, message, organization=device.organization, device=device)
    return is_sent


def configuration_seen(actor: Any, device_ids: Iterable[int]) -> None:
    """Note that devices said something over MQTT, and so have seen what they were sent."""
    for receipt in sent_receipts(device_ids):
        config_push_seen(actor, receipt=receipt)


def _newest_message(device: Device) -> DeviceMessage | None:
    heard = DeviceMessage.objects.filter(device=device, direction=Direction.IN)
    return heard.order_by("-pk").first()


def _is_there(newest: DeviceMessage) -> bool:
    return not read_message(bytes(newest.payload)).is_gone
