"""Transfers in the Django admin, to be read: they have a state machine."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ConsoleModelAdmin
from fleet.transfers.models import TransferParty


@admin.register(TransferParty)
class TransferPartyAdmin(ConsoleModelAdmin):
    """The side of each organization."""

    list_display = ("__str__", "organization", "direction", "state", "created_at")
    list_filter = ("direction",)
    search_fields = ("organization__name", "transfer__addressed_to", "transfer__sender_name")
