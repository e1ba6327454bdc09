"""SMS: a registry of gateways, one of them chosen by THINX_SMS_GATEWAY. A module here that
registers itself is one."""

from __future__ import annotations

from core.sms._base import SmsError, SmsGateway, gateways
from core.sms._sending import E164, SEND_SMS, send_sms, sms_deliver

__all__ = ["E164", "SEND_SMS", "SmsError", "SmsGateway", "gateways", "send_sms", "sms_deliver"]
