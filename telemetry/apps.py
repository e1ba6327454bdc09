"""Django's entry to the telemetry app."""

from __future__ import annotations

from core.pages import PagesConfig


class TelemetryConfig(PagesConfig):
    """History of devices, counters."""

    name = "telemetry"
    verbose_name = "Telemetry"

    def ready(self) -> None:
        """Listen to what is deleted and to what is counted."""
        from telemetry import belongings, receivers  # noqa: F401

        super().ready()

    def load_pages(self) -> None:
        """Add a tab to devices."""
        from telemetry import views  # noqa: F401
