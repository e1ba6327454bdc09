"""Twilio, and services that speak like it."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings

from core.sms import SmsError, SmsGateway, gateways
from core.sms._web import ask

DEFAULT_URL = "https://api.twilio.com"


@gateways.register
class Twilio(SmsGateway):
    """Posts to `/2010-04-01/Accounts/<user>/Messages.json` with Basic authentication."""

    slug = "twilio"
    label = "Twilio"

    def faults(self) -> list[str]:
        """Say which settings are missing."""
        names = ("SMS_USER", "SMS_PASSWORD", "SMS_FROM")
        found = [f"THINX_{name} is not set." for name in names if not getattr(settings, name)]
        if urlsplit(settings.SMS_URL or DEFAULT_URL).scheme not in {"http", "https"}:
            found.append("THINX_SMS_URL must be an http:// or https:// address.")
        return found

    def send(self, to: str, text: str) -> str:
        """Make the request; the reference is the message's sid."""
        base = (settings.SMS_URL or DEFAULT_URL).rstrip("/")
        url = f"{base}/2010-04-01/Accounts/{quote(settings.SMS_USER, safe='')}/Messages.json"
        sender = "MessagingServiceSid" if settings.SMS_FROM.startswith("MG") else "From"
        headers = {
            "Authorization": f"Basic {_credentials()}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        body = urlencode({"To": to, sender: settings.SMS_FROM, "Body": text})
        answer = ask("POST", url, headers=headers, body=body)
        said = _object(answer.text)
        if not answer.is_good:
            code = f", code {said['code']}" if isinstance(said.get("code"), int) else ""
            raise SmsError(
                f"the gateway answered {answer.status}{code}", permanent=not answer.may_pass
            )
        if said.get("status") in {"failed", "undelivered"} or not said.get("sid"):
            raise SmsError("the gateway did not take the message", permanent=True)
        return f"{said['sid']}"[:100]


def _credentials() -> str:
    return base64.b64encode(f"{settings.SMS_USER}:{settings.SMS_PASSWORD}".encode()).decode()


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
