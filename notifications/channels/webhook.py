"""A call to another system, signed as https://www.standardwebhooks.com has it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any

from core.delivery import DeliveryError
from core.outbound import Answer, check_url, locate, post
from notifications.channels._base import Addressee, Channel, Letter, channels

PREFIX = "whsec_"


def accepted(answer: Answer) -> str:
    """Return what the log says of an answer; raises DeliveryError when it is no success."""
    if answer.is_good:
        return f"answered {answer.status}"
    reason = f"the receiver answered {answer.status}"
    if 300 <= answer.status < 400:
        reason += ", a redirect, and those are not followed"
    raise DeliveryError(reason, permanent=not answer.may_pass)


def signature(secret: str, name: str, moment: int, body: bytes) -> str:
    """Return `v1,<base64>`: HMAC-SHA256 of id, time and body under the secret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise DeliveryError("the secret of the rule cannot be read", permanent=True) from None
    digest = hmac.new(key, f"{name}.{moment}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def payload(letter: Letter) -> dict[str, Any]:
    """Return what the receiver reads; docs/notifications.md explains it."""
    return {
        "type": letter.kind,
        "timestamp": letter.at,
        "data": {
            "id": letter.id,
            "level": letter.level,
            "title": letter.title,
            "text": letter.text,
            "url": letter.url,
            "organization": letter.organization,
            "count": letter.count,
            "items": list(letter.items),
        },
    }


@channels.register
class Webhook(Channel):
    """JSON by POST, with the headers webhook-id, webhook-timestamp and webhook-signature."""

    slug = "webhook"
    label = "Webhook"
    icon = "webhook"
    rules = True
    attempts = 10
    destination_label = "URL"
    destination_help = "Called with JSON by POST, signed."
    has_secret = True

    def check(self, destination: str) -> str:
        """Refuse what is no https:// address, or leads inside."""
        check_url(destination)
        locate(destination)
        return destination

    def shown(self, destination: str) -> str:
        """Show the host; the rest may be a secret."""
        return f"{check_url(destination).netloc}/…"

    def send(self, to: Addressee, letters: Sequence[Letter]) -> str:
        """Call it once for each."""
        said = ""
        for letter in letters:
            body = json.dumps(payload(letter), ensure_ascii=False).encode()
            now = int(time.time())
            headers = {
                "Content-Type": "application/json",
                "User-Agent": "THiNX-Console",
                "webhook-id": letter.id,
                "webhook-timestamp": f"{now}",
                "webhook-signature": signature(to.secret, letter.id, now, body),
            }
            said = accepted(post(to.destination, body, headers))
        return said
