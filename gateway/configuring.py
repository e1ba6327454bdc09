"""Configuration on the last stretch of its way by check-in, and what a call says of it.

A device that listens to its topic gets it there (gateway.mqtt.bridge.pushing). One that was heard
over MQTT before and has left gets it when it is back: the C++ libraries check in first and connect
afterwards, and take one message from an answer, so for them a check-in is the worse moment. All
others get it in the answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from devices.models import Device
from fleet.models import ConfigReceipt
from fleet.pushes.choices import Channel, Proof, ReceiptState
from fleet.pushes.constants import IN_FLIGHT
from fleet.pushes.messages import proves, refusal_in
from fleet.pushes.moving import move
from fleet.pushes.receipts import (
    config_message_of,
    config_push_applied,
    config_push_delivered,
    config_push_failed,
    config_push_sent,
    open_receipt,
)
from gateway.protocol import answers
from gateway.protocol.messages import read_message
from keys.selectors import effective_variables
from messaging.choices import Direction
from messaging.models import DeviceMessage

logger = logging.getLogger(__name__)

# What is to be done once an answer has left.
After = list[Callable[[], Any]]


def receipt_for(device: Device, *, status: str | None) -> ConfigReceipt | None:
    """Return what is to be sent to a device that just called.

    What was delivered before is applied now, or failed in the device's own words. What was sent
    and never acknowledged, because a process was killed, is sent again.
    """
    receipt = open_receipt(device)
    if receipt is None or receipt.state == ReceiptState.QUEUED:
        return receipt
    if _settled(receipt, status):
        return None
    is_lost = receipt.state == ReceiptState.SENT and _is_old(receipt)
    return receipt if is_lost else None


def configured(receipt: ConfigReceipt, answer: bytes, after: After) -> bytes:
    """Return the answer of a check-in with what waits, or as it is when MQTT is the way.

    `after` gets what acknowledges it, to be called once the answer has left.
    """
    device = receipt.device
    newest = _newest_message(device)
    if newest is not None and _waits_for_mqtt(receipt, newest):
        if receipt.state == ReceiptState.SENT:
            move(receipt, ReceiptState.QUEUED, channel="")
        return answer
    message = config_message_of(receipt)
    if not config_push_sent(receipt=receipt, channel=Channel.HTTP):
        return answer
    after.append(lambda: acknowledge(receipt))
    return answers.with_configuration(answer, message, device.platform)


def acknowledge(receipt: ConfigReceipt) -> None:
    """Note that an answer has left; if that fails, the device gets the same again."""
    try:
        config_push_delivered(receipt=receipt)
    except DatabaseError:
        logger.warning("a delivered configuration is not noted", exc_info=True)


def _settled(receipt: ConfigReceipt, status: str | None) -> bool:
    """Note what the call says of what the device was sent; tell whether that is all."""
    words = refusal_in(status) if status else None
    if words is not None:
        return config_push_failed(receipt=receipt, words=words)
    if _proved(receipt):
        return config_push_applied(receipt=receipt, proof=Proof.ENV_HASH)
    if receipt.state == ReceiptState.DELIVERED:
        return config_push_applied(receipt=receipt, proof=Proof.REPORT)
    return False


def _proved(receipt: ConfigReceipt) -> bool:
    """Tell whether the reported hash is that of the values, or of them in the environment."""
    device, values = receipt.device, receipt.carried.values()
    reported = device.state.env_hash
    if not reported:
        return False
    if proves(values, reported):
        return True
    found = effective_variables(device.organization, source=device.source_id, device=device)
    environment = {entry.name: entry.plain for entry in found}
    return proves(environment | values, reported)


def _is_old(receipt: ConfigReceipt) -> bool:
    return receipt.sent_at is None or receipt.sent_at < timezone.now() - IN_FLIGHT


def _waits_for_mqtt(receipt: ConfigReceipt, newest: DeviceMessage) -> bool:
    if receipt.device.platform.startswith(answers.CPLUSPLUS):
        return True
    # The bridge looked, and found that the device does not listen.
    is_unheard = receipt.state == ReceiptState.QUEUED and receipt.channel == Channel.HTTP
    return not is_unheard and is_there(newest)


def _newest_message(device: Device) -> DeviceMessage | None:
    heard = DeviceMessage.objects.filter(device=device, direction=Direction.IN)
    return heard.order_by("-pk").first()


def is_there(newest: DeviceMessage) -> bool:
    """Tell whether the last thing that a device said over MQTT is not its last will."""
    return not read_message(bytes(newest.payload)).is_gone
