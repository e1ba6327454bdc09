"""Filters of bulk jobs and of their devices."""

from __future__ import annotations

import django_filters

from core.filters import ScopedFilterSet
from fleet.bulk.choices import ItemState, JobState
from fleet.bulk.models import BulkJob, BulkJobItem
from fleet.bulk.registry import bulk_actions


class BulkJobFilterSet(ScopedFilterSet):
    """What a job can be found by."""

    search_fields = ("action", "started_by__email")

    state = django_filters.ChoiceFilter(choices=JobState.choices, label="State")
    action = django_filters.ChoiceFilter(choices=bulk_actions.choices, label="Action")

    class Meta:
        model = BulkJob
        fields: list[str] = []


class BulkJobItemFilterSet(ScopedFilterSet):
    """What a device of a job can be found by."""

    search_fields = ("device_alias", "device_uid", "message")

    state = django_filters.ChoiceFilter(choices=ItemState.choices, label="State")

    class Meta:
        model = BulkJobItem
        fields: list[str] = []
