"""Filters of sources, builds and artifacts, for the lists, their exports and the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms

from builds.choices import UNFINISHED, BuildStatus
from builds.models import Artifact, Build, Source
from core.filters import ScopedFilterSet
from devices.models import Device
from keys.models import DeployKey

ACCESS = [("ok", "Reachable"), ("refused", "Refused"), ("untested", "Not tested")]
STATUS = [("running", "Under way"), ("broken", "Failed or errored"), *BuildStatus.choices]
GROUPS = {"running": UNFINISHED, "broken": (BuildStatus.FAILED, BuildStatus.ERRORED)}


def by_link(model: Any, label: str, **extra: Any) -> django_filters.ModelChoiceFilter:
    """Return a filter that links set and chips show, without a list of every row to choose from."""
    return django_filters.ModelChoiceFilter(
        queryset=model._default_manager.all(),
        to_field_name="uid",
        label=label,
        widget=forms.HiddenInput,
        **extra,
    )


class SourceFilterSet(ScopedFilterSet):
    """Everything a source can be found by."""

    search_fields = ("alias", "url", "branch", "uid", "last_commit")

    access = django_filters.ChoiceFilter(choices=ACCESS, method="filter_access", label="Access")
    platform = django_filters.CharFilter(lookup_expr="istartswith", label="Platform")
    branch = django_filters.CharFilter(lookup_expr="iexact", label="Branch")
    deploy_key = django_filters.ModelChoiceFilter(
        queryset=DeployKey.objects.all(), to_field_name="uid", label="Deploy key"
    )

    class Meta:
        model = Source
        fields: list[str] = []

    def filter_access(self, sources: Any, name: str, value: str) -> Any:
        """Narrow by the result of the last test."""
        if value == "untested":
            return sources.filter(checked_at=None)
        tested = sources.filter(checked_at__isnull=False)
        is_ok = {"check_code__in": ("", "ok")}
        return tested.filter(**is_ok) if value == "ok" else tested.exclude(**is_ok)


class BuildFilterSet(ScopedFilterSet):
    """Everything a build can be found by."""

    search_fields = (
        "source__alias",
        "device__alias",
        "uid",
        "commit",
        "commit_message",
        "firmware",
        "error_message",
    )

    status = django_filters.ChoiceFilter(choices=STATUS, method="filter_status", label="Status")
    source = django_filters.ModelChoiceFilter(
        queryset=Source.objects.all(), to_field_name="uid", label="Source"
    )
    device = by_link(Device, "Device")
    platform = django_filters.CharFilter(lookup_expr="istartswith", label="Platform")
    version = django_filters.CharFilter(lookup_expr="istartswith", label="Version")
    started_by = django_filters.CharFilter(
        field_name="created_by__email", lookup_expr="icontains", label="Started by"
    )

    class Meta:
        model = Build
        fields: list[str] = []

    def filter_status(self, builds: Any, name: str, value: str) -> Any:
        """Narrow by one status, or by a group of them."""
        return builds.filter(status__in=GROUPS.get(value, (value,)))


class ArtifactFilterSet(ScopedFilterSet):
    """Everything an artifact can be found by."""

    search_fields = ("name", "sha256", "md5", "build__firmware", "build__device__alias", "uid")

    source = django_filters.ModelChoiceFilter(
        queryset=Source.objects.all(),
        field_name="build__source",
        to_field_name="uid",
        label="Source",
    )
    device = by_link(Device, "Device", field_name="build__device")
    build = by_link(Build, "Build")
    is_firmware = django_filters.BooleanFilter(label="Firmware")

    class Meta:
        model = Artifact
        fields: list[str] = []
