"""Filters of what only the API lists."""

from __future__ import annotations

import django_filters

from builds.models import Artifact, Build
from core.filters import ScopedFilterSet


class ArtifactFilterSet(ScopedFilterSet):
    """By build, or whether a device can run it."""

    search_fields = ("name", "sha256", "md5")

    build = django_filters.ModelChoiceFilter(
        queryset=Build.objects.all(), to_field_name="uid", label="Build"
    )
    is_firmware = django_filters.BooleanFilter(label="Firmware")

    class Meta:
        model = Artifact
        fields: list[str] = []


class SourceFilterSet(ScopedFilterSet):
    search_fields = ("alias", "url")

    class Meta:
        model = Build._meta.get_field("source").related_model
        fields: list[str] = []


class BuildFilterSet(ScopedFilterSet):
    search_fields = ("version", "firmware")

    class Meta:
        model = Build
        fields = ["status"]
