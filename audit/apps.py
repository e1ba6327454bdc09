"""Django's entry to the audit app."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Append-only, hash-chained events."""

    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        """Listen to migrations, and to refusals."""
        from audit import receivers

        receivers.connect(self)
