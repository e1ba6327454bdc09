"""Configuration pushes in the Django admin, to be read: they have a state machine."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ConsoleModelAdmin
from fleet.pushes.models import ConfigReceipt


@admin.register(ConfigReceipt)
class ConfigReceiptAdmin(ConsoleModelAdmin):
    """How far each push came."""

    list_display = ("__str__", "device", "state", "channel", "queued_at", "sent_at", "seen_at")
    list_filter = ("state",)
    search_fields = ("device__alias", "device__organization__name")
