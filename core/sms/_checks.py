"""System checks of mail and SMS: what is set must be able to send."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from core.sms._base import gateways


@register
def sms_gateway_is_set_up(**_: Any) -> list[CheckMessage]:
    """The gateway of the settings exists and lacks nothing."""
    if settings.SMS_GATEWAY not in gateways:
        known = ", ".join(sorted(gateway.slug for gateway in gateways))
        return [Error(f"THINX_SMS_GATEWAY must be one of {known}", id="core.E010")]
    faults = gateways.get(settings.SMS_GATEWAY).faults()
    return [Error(fault, id="core.E011") for fault in faults]


@register(deploy=True)
def messages_leave_the_house(**_: Any) -> list[CheckMessage]:
    """A server has a mail server, and does not print codes where its output goes."""
    found: list[CheckMessage] = []
    if settings.EMAIL_BACKEND == "core.mail.backends.OutboxBackend":
        found.append(Warning("THINX_EMAIL_URL is not set: mail stays here", id="core.W010"))
    if settings.SMS_GATEWAY == "console":
        found.append(Warning("THINX_SMS_GATEWAY=console prints every code", id="core.W011"))
    return found
