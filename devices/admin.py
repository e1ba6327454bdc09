"""Devices in the Django admin."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ConsoleModelAdmin, register_rest
from devices.models import Device


@admin.register(Device)
class DeviceAdmin(ConsoleModelAdmin):
    """Devices; what they check in with is kept by their own services."""

    list_display = ("alias", "organization", "platform", "mac", "auto_update", "created_at")
    list_filter = ("auto_update",)
    search_fields = ("alias", "mac", "organization__name")
    editable = ("description", "category")


register_rest("devices")
