"""Rollouts in the Django admin, to be read: they have a state machine."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ConsoleModelAdmin
from fleet.rollouts.models import Rollout, RolloutPlan, RolloutTarget


@admin.register(Rollout)
class RolloutAdmin(ConsoleModelAdmin):
    """Every rollout."""

    list_display = ("name", "organization", "state", "total", "wave", "created_at")
    list_filter = ("state",)
    search_fields = ("name", "organization__name")


@admin.register(RolloutPlan)
class RolloutPlanAdmin(ConsoleModelAdmin):
    """The default plans of sources."""

    list_display = ("source", "organization", "is_on", "taken")
    list_filter = ("is_on",)
    search_fields = ("source__alias", "organization__name")


@admin.register(RolloutTarget)
class RolloutTargetAdmin(ConsoleModelAdmin):
    """What became of each device."""

    list_display = ("__str__", "rollout", "wave", "state", "message", "ended_at")
    list_filter = ("state",)
    search_fields = ("device__alias", "rollout__name")
