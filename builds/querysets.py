"""Annotations of sources and builds, for lists, exports and the API alike."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from builds.models import Build
from devices.models import Device

Rows = TypeVar("Rows", bound=QuerySet[Any])


def with_counts(sources: Rows) -> Rows:
    """Add `device_count` and `build_count`, each by its own sub-query so that none multiplies."""
    return sources.annotate(device_count=_count(Device), build_count=_count(Build))


def _count(model: Any) -> Coalesce:
    rows = model._default_manager.filter(source=OuterRef("pk")).order_by().values("source")
    counted = rows.annotate(found=Count("pk")).values("found")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
