"""The audit log in the Django admin: to be read, like everywhere."""

from __future__ import annotations

from django.contrib import admin

from audit.models import AuditEvent
from core.admin import ConsoleModelAdmin, register_rest


@admin.register(AuditEvent)
class AuditEventAdmin(ConsoleModelAdmin):
    """What happened."""

    list_display = ("at", "verb", "actor", "target_label", "organization", "address")
    search_fields = ("verb", "actor", "target_label", "request_id")


register_rest("audit")
