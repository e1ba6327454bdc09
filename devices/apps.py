"""Django's entry to the devices app."""

from __future__ import annotations

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    """Devices and what they report."""

    name = "devices"
    verbose_name = "Devices"

    def ready(self) -> None:
        """Register audit events, what counts against limits, and what people export and erase."""
        from devices import belongings, events, limits, search  # noqa: F401
        from devices.troubles import news  # noqa: F401

        search.connect(self)
