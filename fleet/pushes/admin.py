"""Configuration pushes in the Django admin, to be read: they have state machines."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ConsoleModelAdmin
from fleet.pushes.models import ConfigPush, ConfigReceipt


@admin.register(ConfigPush)
class ConfigPushAdmin(ConsoleModelAdmin):
    """What was pushed, and by whom."""

    list_display = ("__str__", "organization", "state", "created_by", "applied_by", "applied_at")
    list_filter = ("state",)
    search_fields = ("title", "organization__name")


@admin.register(ConfigReceipt)
class ConfigReceiptAdmin(ConsoleModelAdmin):
    """How far each push came."""

    list_display = ("__str__", "device", "state", "channel", "queued_at", "sent_at", "ended_at")
    list_filter = ("state",)
    search_fields = ("device__alias", "device__organization__name")
