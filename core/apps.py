"""Django's entry to the core: its system checks."""

from __future__ import annotations

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Owns no tables."""

    name = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        """Register the system checks."""
        from core import checks  # noqa: F401
