"""Django's entry to the audit app."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Append-only, hash-chained events."""

    name = "audit"
    verbose_name = "Audit"
