"""Filters of transformers, for the list, its export and the API."""

from __future__ import annotations

from typing import Any

import django_filters

from core.filters import ScopedFilterSet
from devices.transformers.models import DeviceTransformer, StatusTransformer


class TransformerFilterSet(ScopedFilterSet):
    """By name and text, and by whether a device uses it."""

    search_fields = ("alias", "current__body")

    used = django_filters.BooleanFilter(method="filter_used", label="Used by a device")

    class Meta:
        model = StatusTransformer
        fields: list[str] = []

    def filter_used(self, transformers: Any, name: str, value: bool) -> Any:  # noqa: FBT001
        """Narrow to those in a chain, or in none."""
        used = DeviceTransformer.objects.order_by().values("transformer")
        found = transformers.filter(pk__in=used)
        return found if value else transformers.exclude(pk__in=used)
