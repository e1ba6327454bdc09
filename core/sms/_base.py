"""What a gateway is."""

from __future__ import annotations

from typing import ClassVar

from core.delivery import DeliveryError
from core.registry import Registry


class SmsError(DeliveryError):
    """The gateway did not take an SMS."""


class SmsGateway:
    """One way to send an SMS. Settings are read when it sends, never kept."""

    slug: ClassVar[str] = ""
    label: ClassVar[str] = ""

    def faults(self) -> list[str]:
        """Return a sentence for each setting or program that this gateway lacks."""
        return []

    def send(self, to: str, text: str) -> str:
        """Send a text to an E.164 number; return the gateway's reference or raise SmsError."""
        raise TypeError(f"{type(self).__name__} does not say how it sends")


gateways: Registry[SmsGateway] = Registry("SMS gateway")
