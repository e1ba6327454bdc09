"""Filters of organizations."""

from __future__ import annotations

from accounts.models import Organization
from core.filters import ScopedFilterSet


class OrganizationFilterSet(ScopedFilterSet):
    """By name or owner id."""

    search_fields = ("name", "owner_id")

    class Meta:
        model = Organization
        fields: list[str] = []
