"""Filters of the fleet app."""

from __future__ import annotations

import django_filters

from core.filters import ScopedFilterSet
from devices.models import Device
from fleet.pushes.choices import ReceiptState
from fleet.pushes.models import ConfigReceipt


class ConfigReceiptFilterSet(ScopedFilterSet):
    """What a receipt can be found by."""

    search_fields = ("device__alias", "device__uid")

    device = django_filters.ModelChoiceFilter(
        queryset=Device.objects.all(), to_field_name="uid", label="Device"
    )
    state = django_filters.ChoiceFilter(choices=ReceiptState.choices, label="State")

    class Meta:
        model = ConfigReceipt
        fields: list[str] = []
