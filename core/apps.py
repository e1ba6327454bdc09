"""Django's entry to the core: its system checks and the SMS gateways."""

from __future__ import annotations

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Owns no tables."""

    name = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        """Register the system checks; find the SMS gateways."""
        from core import checks  # noqa: F401
        from core.sms import _checks, gateways  # noqa: F401

        gateways.autodiscover("core.sms")
