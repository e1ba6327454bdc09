"""Filters of API keys, deploy keys and environment variables, for lists, exports and the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q
from django.forms import HiddenInput
from django.utils import timezone

from core.filters import ScopedFilterSet
from keys.choices import ApiKeyKind, KeyAlgorithm
from keys.models import ApiKey, DeployKey, EnvVar

STATES = [("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked")]
LEVELS = [
    ("organization", "Organization"),
    ("source", "Source"),
    ("mesh", "Mesh"),
    ("device", "Device"),
]


class ApiKeyFilterSet(ScopedFilterSet):
    """By name, prefix, kind, state and use."""

    search_fields = ("alias", "prefix", "device__alias", "last_used_address")

    kind = django_filters.ChoiceFilter(choices=ApiKeyKind.choices, label="Opens")
    state = django_filters.ChoiceFilter(choices=STATES, method="filter_state", label="State")
    used = django_filters.BooleanFilter(
        field_name="last_used_at", lookup_expr="isnull", exclude=True, label="Was ever used"
    )
    firmware = django_filters.BooleanFilter(
        field_name="device", lookup_expr="isnull", exclude=True, label="Is in a device's firmware"
    )

    class Meta:
        model = ApiKey
        fields: list[str] = []

    def filter_state(self, keys: Any, name: str, value: str) -> Any:
        """Narrow by whether a key still opens anything."""
        now = timezone.now()
        if value == "revoked":
            return keys.filter(revoked_at__isnull=False)
        live = keys.filter(revoked_at=None)
        if value == "expired":
            return live.filter(expires_at__lte=now)
        return live.filter(Q(expires_at=None) | Q(expires_at__gt=now))


class DeployKeyFilterSet(ScopedFilterSet):
    """By name, fingerprint, algorithm and use."""

    search_fields = ("alias", "fingerprint", "public_key", "sources__alias")

    algorithm = django_filters.ChoiceFilter(choices=KeyAlgorithm.choices, label="Algorithm")
    unused = django_filters.BooleanFilter(
        field_name="sources", lookup_expr="isnull", label="No source uses it"
    )

    class Meta:
        model = DeployKey
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> Any:
        """Name each key once, however many sources match."""
        return super().filter_queryset(queryset).distinct()


class EnvVarFilterSet(ScopedFilterSet):
    """By name, level and the object that it belongs to."""

    search_fields = ("name", "source__alias", "mesh__alias", "device__alias")

    level = django_filters.ChoiceFilter(choices=LEVELS, method="filter_level", label="Level")
    is_secret = django_filters.BooleanFilter(label="Secret")
    source = django_filters.ModelChoiceFilter(
        queryset=EnvVar._meta.get_field("source").related_model._default_manager.all(),
        to_field_name="uid",
        label="Source",
    )
    mesh = django_filters.ModelChoiceFilter(
        queryset=EnvVar._meta.get_field("mesh").related_model._default_manager.all(),
        to_field_name="uid",
        label="Mesh",
    )
    device = django_filters.ModelChoiceFilter(
        queryset=EnvVar._meta.get_field("device").related_model._default_manager.all(),
        to_field_name="uid",
        label="Device",
        widget=HiddenInput,
    )

    class Meta:
        model = EnvVar
        fields: list[str] = []

    def filter_level(self, variables: Any, name: str, value: str) -> Any:
        """Narrow to one level."""
        if value == "organization":
            return variables.filter(source=None, mesh=None, device=None)
        return variables.filter(**{f"{value}__isnull": False})
