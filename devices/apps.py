"""Django's entry to the devices app."""

from __future__ import annotations

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    """Devices and what they report."""

    name = "devices"
    verbose_name = "Devices"

    def ready(self) -> None:
        """Register audit events and what counts against limits."""
        from devices import events, limits  # noqa: F401
