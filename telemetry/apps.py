"""Django's entry to the telemetry app."""

from __future__ import annotations

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    """History of devices, counters."""

    name = "telemetry"
    verbose_name = "Telemetry"

    def ready(self) -> None:
        """Listen to what is deleted and to what is counted; add a tab to devices."""
        from telemetry import belongings, receivers, views  # noqa: F401
