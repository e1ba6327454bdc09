"""Sources, builds and artifacts in the Django admin: builds have a state machine, so to be read."""

from __future__ import annotations

from django.contrib import admin

from builds.models import Artifact, Build, Source
from core.admin import ConsoleModelAdmin, register_rest


@admin.register(Source)
class SourceAdmin(ConsoleModelAdmin):
    """Repositories."""

    list_display = ("alias", "organization", "url", "branch", "platform", "checked_at")
    search_fields = ("alias", "url", "organization__name")


@admin.register(Build)
class BuildAdmin(ConsoleModelAdmin):
    """Builds and how far they came."""

    list_display = ("__str__", "organization", "source", "device", "status", "created_at")
    list_filter = ("status",)
    search_fields = ("commit", "version", "organization__name")


@admin.register(Artifact)
class ArtifactAdmin(ConsoleModelAdmin):
    """What builds left."""

    list_display = ("name", "organization", "build", "is_firmware", "size", "created_at")
    list_filter = ("is_firmware",)
    search_fields = ("name", "sha256", "organization__name")


register_rest("builds")
