"""Filters of the audit log, for the list, its export and the API."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.apps import apps
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.text import capfirst

from audit.events import events
from audit.models import AuditEvent
from core.filters import ScopedFilterSet

PERIODS = {
    "hour": ("The last hour", timedelta(hours=1)),
    "day": ("The last 24 hours", timedelta(days=1)),
    "week": ("The last 7 days", timedelta(days=7)),
    "month": ("The last 30 days", timedelta(days=30)),
}
LEVELS = [("info", "Information"), ("warning", "Warning"), ("error", "Error")]


def verbs() -> list[tuple[str, str]]:
    """Return every verb with its label, by label."""
    return sorted(((event.slug, event.label) for event in events), key=lambda pair: pair[1])


def target_types() -> list[tuple[str, str]]:
    """Return the kinds of objects that have audit events."""
    models = (m for m in apps.get_models() if hasattr(m, "scope_path") and _has_uid(m))
    return sorted(
        ((m._meta.label_lower, capfirst(f"{m._meta.verbose_name}")) for m in models),
        key=lambda pair: pair[1],
    )


class AuditEventFilterSet(ScopedFilterSet):
    """Who did what to which object, when."""

    search_fields = (
        "actor",
        "credential",
        "verb",
        "target_label",
        "address",
        "request_id",
        "data",
    )

    verb = django_filters.ChoiceFilter(choices=lazy(verbs, list)(), label="What happened")
    level = django_filters.ChoiceFilter(choices=LEVELS, method="filter_level", label="Level")
    actor = django_filters.CharFilter(lookup_expr="icontains", label="Who")
    credential = django_filters.CharFilter(lookup_expr="icontains", label="With which credential")
    address = django_filters.CharFilter(lookup_expr="startswith", label="From which address")
    request_id = django_filters.CharFilter(lookup_expr="exact", label="Request")
    target_type = django_filters.ChoiceFilter(
        choices=lazy(target_types, list)(), label="Kind of object"
    )
    target = django_filters.UUIDFilter(
        field_name="target_uid", label="Object (its id)", widget=forms.TextInput
    )
    period = django_filters.ChoiceFilter(
        choices=[(key, label) for key, (label, _) in PERIODS.items()],
        method="filter_period",
        label="When",
    )
    since = django_filters.DateFilter(
        method="filter_since", label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    until = django_filters.DateFilter(
        method="filter_until", label="To", widget=forms.DateInput(attrs={"type": "date"})
    )

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def filter_level(self, rows: Any, name: str, value: str) -> Any:
        """Narrow to the verbs of one level."""
        return rows.filter(verb__in=[event.slug for event in events if event.level == value])

    def filter_period(self, rows: Any, name: str, value: str) -> Any:
        """Narrow to the recent past."""
        return rows.filter(at__gte=timezone.now() - PERIODS[value][1])

    def filter_since(self, rows: Any, name: str, value: Any) -> Any:
        """Narrow to this day and later."""
        return rows.filter(at__gte=_midnight(value))

    def filter_until(self, rows: Any, name: str, value: Any) -> Any:
        """Narrow to this day and earlier."""
        return rows.filter(at__lte=timezone.make_aware(datetime.combine(value, time.max)))


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _has_uid(model: Any) -> bool:
    return any(field.name == "uid" for field in model._meta.fields)
