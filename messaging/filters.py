"""Filters of questions, for the list and the API."""

from __future__ import annotations

import django_filters

from core.filters import ScopedFilterSet
from messaging.choices import QuestionState
from messaging.models import DeviceQuestion


class QuestionFilterSet(ScopedFilterSet):
    """Everything a question can be found by."""

    search_fields = ("title", "body", "answer", "device__alias")

    state = django_filters.ChoiceFilter(choices=QuestionState.choices, label="Status")
    device = django_filters.UUIDFilter(field_name="device__uid", label="Device")

    class Meta:
        model = DeviceQuestion
        fields: list[str] = []
