"""Django's entry to the composition root."""

from __future__ import annotations

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Ties the apps together: pages that belong to none of them, commands, health."""

    name = "thinx_console"
    verbose_name = "THiNX Console"

    def ready(self) -> None:
        """Register audit events of the example and of what stands in the outbox."""
        from thinx_console.example import events, receivers  # noqa: F401
        from thinx_console.outbox import events as outbox_events  # noqa: F401
