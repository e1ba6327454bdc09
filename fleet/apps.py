"""Django's entry to the fleet app."""

from __future__ import annotations

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """Workflows over devices, a folder each."""

    name = "fleet"
    verbose_name = "Fleet"

    def ready(self) -> None:
        """Register audit events, what an account owns, and the tabs of a device."""
        from fleet.pushes import belongings, events, views  # noqa: F401
