"""Hands an SMS over, and gives it to the gateway of the settings."""

from __future__ import annotations

import re
import time

from django.conf import settings

from core.delivery import hand_over
from core.exceptions import DomainError
from core.sms._base import SmsError, gateways

SEND_SMS = "core.send_sms"
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
LONGEST = 1000


def send_sms(to: str, text: str, *, useful_for: int = 0) -> None:
    """Send a text to one E.164 number on commit.

    With `useful_for`, it is dropped when it could not be sent within so many seconds: a code
    that expired costs money and confuses. Raises DomainError `sms.number_unusable` or
    `sms.text_too_long`; what goes wrong later is logged by the worker.
    """
    if not E164.fullmatch(to):
        raise DomainError(
            "sms.number_unusable", "Write the number with its country: +420 601 123 456."
        )
    if len(text) > LONGEST:
        raise DomainError("sms.text_too_long", f"An SMS has at most {LONGEST} characters here.")
    message = {"to": to, "text": text}
    if useful_for:
        message["until"] = f"{time.time() + useful_for:.0f}"
    hand_over(SEND_SMS, sms_deliver, message)


def sms_deliver(message: dict[str, str]) -> str:
    """Give one SMS to the gateway; return its reference or raise SmsError."""
    if "until" in message and time.time() > float(message["until"]):
        raise SmsError("it is of no use any more", permanent=True)
    gateway = gateways.get(settings.SMS_GATEWAY)
    if faults := gateway.faults():
        raise SmsError(" ".join(faults), permanent=True)
    return gateway.send(message["to"], message["text"])
