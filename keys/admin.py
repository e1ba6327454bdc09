"""Keys and variables in the Django admin, without what they keep secret."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ConsoleModelAdmin, register_rest
from keys.models import ApiKey, DeployKey, EnvVar


@admin.register(ApiKey)
class ApiKeyAdmin(ConsoleModelAdmin):
    """API keys by their prefix."""

    list_display = (
        "alias",
        "organization",
        "kind",
        "prefix",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    list_filter = ("kind",)
    search_fields = ("alias", "prefix", "organization__name")


@admin.register(DeployKey)
class DeployKeyAdmin(ConsoleModelAdmin):
    """Deploy keys by their public half."""

    list_display = ("alias", "organization", "algorithm", "fingerprint", "last_used_at")
    list_filter = ("algorithm",)
    search_fields = ("alias", "fingerprint", "organization__name")


@admin.register(EnvVar)
class EnvVarAdmin(ConsoleModelAdmin):
    """Variables by their name; plain values are sealed like secret ones, and not shown here."""

    list_display = ("name", "organization", "source", "mesh", "device", "is_secret", "updated_at")
    list_filter = ("is_secret",)
    search_fields = ("name", "organization__name")


register_rest("keys")
