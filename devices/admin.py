"""Devices in the Django admin."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ConsoleModelAdmin, register_rest
from devices.models import Device, Mesh
from devices.releases.models import ReleasedDevice


@admin.register(Device)
class DeviceAdmin(ConsoleModelAdmin):
    """Devices; what they check in with is kept by their own services."""

    list_display = ("alias", "organization", "platform", "mac", "auto_update", "created_at")
    list_filter = ("auto_update",)
    search_fields = ("alias", "mac", "organization__name")
    editable = ("description", "category")


@admin.register(Mesh)
class MeshAdmin(ConsoleModelAdmin):
    """Meshes; which devices are in them is kept by their own services."""

    list_display = ("alias", "organization", "mesh_id", "created_at")
    search_fields = ("alias", "mesh_id", "organization__name")


@admin.register(ReleasedDevice)
class ReleasedDeviceAdmin(ConsoleModelAdmin):
    """Devices that were let go of; releasing and re-claiming is for the services."""

    list_display = ("alias", "organization", "udid", "mac", "released_at", "called_at")
    search_fields = ("alias", "mac", "udid", "organization__name")


register_rest("devices")
