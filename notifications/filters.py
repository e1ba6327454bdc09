"""Filters of notifications, for the lists and the API."""

from __future__ import annotations

from typing import Any

import django_filters

from core.filters import ScopedFilterSet
from notifications.channels import channels
from notifications.choices import DeliveryState, Level
from notifications.kinds import kinds
from notifications.models import Notification, NotificationDelivery, NotificationRule

READ = (("no", "Unread"), ("yes", "Read"))


class NotificationFilterSet(ScopedFilterSet):
    """Everything a line of the inbox can be found by."""

    search_fields = ("title", "text")

    read = django_filters.ChoiceFilter(choices=READ, method="by_read", label="Read")
    kind = django_filters.ChoiceFilter(choices=kinds.choices, label="About")
    level = django_filters.ChoiceFilter(choices=Level.choices, label="Level")

    class Meta:
        model = Notification
        fields: list[str] = []

    def by_read(self, rows: Any, name: str, value: str) -> Any:
        """Return what was read, or what was not."""
        return rows.filter(read_at__isnull=value == "no")


class RuleFilterSet(ScopedFilterSet):
    """Everything a rule can be found by."""

    search_fields = ("name", "shown_as", "tag")

    channel = django_filters.ChoiceFilter(choices=channels.choices, label="Channel")
    is_on = django_filters.BooleanFilter(label="Switched on")

    class Meta:
        model = NotificationRule
        fields: list[str] = []


class DeliveryFilterSet(ScopedFilterSet):
    """Everything a delivery can be found by."""

    search_fields = ("title",)

    state = django_filters.ChoiceFilter(choices=DeliveryState.choices, label="State")

    class Meta:
        model = NotificationDelivery
        fields: list[str] = []
