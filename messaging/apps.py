"""Django's entry to the messaging app."""

from __future__ import annotations

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """What devices say and are told over MQTT."""

    name = "messaging"
    verbose_name = "Messaging"

    def ready(self) -> None:
        """Register audit events."""
        from messaging import belongings, events  # noqa: F401
