"""The gateway of the embedded profile."""

from __future__ import annotations

from core.outbox import outbox_put_sms
from core.sms import SmsGateway, gateways


@gateways.register
class Outbox(SmsGateway):
    """Writes each SMS into the outbox folder instead of sending it."""

    slug = "outbox"
    label = "Outbox folder"

    def send(self, to: str, text: str) -> str:
        """Keep it."""
        return f"{outbox_put_sms(to, text)}"
