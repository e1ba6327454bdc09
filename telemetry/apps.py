"""Django's entry to the telemetry app."""

from __future__ import annotations

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    """History of devices, counters."""

    name = "telemetry"
    verbose_name = "Telemetry"

    def ready(self) -> None:
        """Listen to what is deleted and to what is counted; register what people own."""
        from telemetry import belongings, receivers  # noqa: F401
