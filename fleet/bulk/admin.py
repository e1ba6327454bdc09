"""Bulk jobs in the Django admin, to be read: they have a state machine."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ConsoleModelAdmin
from fleet.bulk.models import BulkJob, BulkJobItem


@admin.register(BulkJob)
class BulkJobAdmin(ConsoleModelAdmin):
    """What was asked of how many."""

    list_display = ("__str__", "organization", "state", "started_by", "created_at", "ended_at")
    list_filter = ("state",)
    search_fields = ("organization__name", "action")


@admin.register(BulkJobItem)
class BulkJobItemAdmin(ConsoleModelAdmin):
    """What became of each device."""

    list_display = ("__str__", "job", "state", "error_code", "ended_at")
    list_filter = ("state",)
    search_fields = ("device_alias",)
