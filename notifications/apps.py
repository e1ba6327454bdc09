"""Django's entry to the notifications app."""

from __future__ import annotations

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """What people and other systems are told."""

    name = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        """Find the channels and the kinds that are here; hear of what lies below."""
        from notifications import belongings, events, receivers  # noqa: F401
        from notifications.channels import channels
        from notifications.kinds import role_changed  # noqa: F401

        channels.autodiscover("notifications.channels")
