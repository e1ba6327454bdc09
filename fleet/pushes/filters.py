"""Filters of configuration pushes and their receipts."""

from __future__ import annotations

import django_filters

from core.filters import ScopedFilterSet
from devices.models import Device
from fleet.pushes.choices import PushState, ReceiptState
from fleet.pushes.models import ConfigPush, ConfigReceipt


class ConfigPushFilterSet(ScopedFilterSet):
    """What a push can be found by."""

    search_fields = ("title",)

    state = django_filters.ChoiceFilter(choices=PushState.choices, label="State")

    class Meta:
        model = ConfigPush
        fields: list[str] = []


class ConfigReceiptFilterSet(ScopedFilterSet):
    """What a receipt can be found by."""

    search_fields = ("device__alias", "device__uid")

    push = django_filters.ModelChoiceFilter(
        queryset=ConfigPush.objects.all(), to_field_name="uid", label="Push"
    )
    device = django_filters.ModelChoiceFilter(
        queryset=Device.objects.all(), to_field_name="uid", label="Device"
    )
    state = django_filters.ChoiceFilter(choices=ReceiptState.choices, label="State")

    class Meta:
        model = ConfigReceipt
        fields: list[str] = []
