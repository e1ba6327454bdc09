"""Filters of devices, for the list, its export and the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Q
from django.forms import HiddenInput
from django.utils import timezone

from core.filters import ScopedFilterSet
from devices import presence, search
from devices.health import SIGNAL_FROM
from devices.models import Device, Mesh
from devices.querysets import (
    ever_built,
    seen_within,
    signal_between,
    tagged,
    update_waiting,
    with_newest_build,
)
from devices.transformers.models import StatusTransformer

SEEN = {
    "hour": ("In the last hour", timedelta(hours=1)),
    "day": ("In the last 24 hours", timedelta(days=1)),
    "week": ("In the last 7 days", timedelta(days=7)),
}
PRESENCE = {
    "online": ("Online", presence.online),
    "late": ("Late", presence.late),
    "offline": ("Offline", presence.offline),
}
SEEN_CHOICES = [
    *((key, label) for key, (label, _) in PRESENCE.items()),
    *((key, label) for key, (label, _) in SEEN.items()),
    ("silent", "Silent for 7 days"),
    ("never", "Never"),
]
LEVELS = [("ok", "OK"), ("warning", "Warning"), ("error", "Error")]
FIRMWARE = [
    ("waiting", "Update waiting"),
    ("current", "Up to date"),
    ("offered", "Offered"),
    ("downloaded", "Downloaded"),
    ("failed", "Update failed"),
    ("none", "Never built"),
]

STRONG, FAIR = SIGNAL_FROM["strong"], SIGNAL_FROM["fair"]
# From (included) and below, in dBm.
SIGNALS = {
    "strong": (f"Strong, from {STRONG} dBm", STRONG, 0),
    "fair": (f"Fair, {FAIR} to {STRONG} dBm", FAIR, STRONG),
    "weak": (f"Weak, below {FAIR} dBm", -999, FAIR),
}


class DeviceFilterSet(ScopedFilterSet):
    """Everything a device can be found by."""

    seen = django_filters.ChoiceFilter(choices=SEEN_CHOICES, method="filter_seen", label="Seen")
    level = django_filters.ChoiceFilter(
        choices=LEVELS, field_name="state__level", label="Reported level"
    )
    firmware = django_filters.ChoiceFilter(
        choices=FIRMWARE, method="filter_firmware", label="Firmware"
    )
    source = django_filters.ModelChoiceFilter(
        queryset=Device._meta.get_field("source").related_model._default_manager.all(),
        to_field_name="uid",
        null_label="No source",
        label="Source",
    )
    mesh = django_filters.ModelChoiceFilter(
        queryset=Mesh.objects.order_by("alias", "pk"),
        field_name="meshes",
        to_field_name="uid",
        null_label="In no mesh",
        label="Mesh",
    )
    version = django_filters.CharFilter(
        field_name="state__version", lookup_expr="istartswith", label="Version"
    )
    platform = django_filters.CharFilter(lookup_expr="istartswith", label="Platform")
    tag = django_filters.CharFilter(method="filter_tag", label="Tag")
    category = django_filters.CharFilter(lookup_expr="iexact", label="Category")
    transformer = django_filters.ModelChoiceFilter(
        queryset=StatusTransformer.objects.all(),
        field_name="chain__transformer",
        to_field_name="uid",
        label="Transformer",
    )
    transformer_error = django_filters.BooleanFilter(
        method="filter_transformer_error", label="Transformer fails"
    )
    signal = django_filters.ChoiceFilter(
        choices=[
            *((key, label) for key, (label, _, _) in SIGNALS.items()),
            ("none", "Not reported"),
        ],
        method="filter_signal",
        label="Signal",
    )
    auto_update = django_filters.BooleanFilter(label="Updates by itself")

    class Meta:
        model = Device
        fields: list[str] = []

    def search(self, queryset: Any, name: str, value: str) -> Any:
        """Match the text anywhere in the name, the ids, the tags or the category."""
        return search.matching(queryset, value)

    def filter_seen(self, devices: Any, name: str, value: str) -> Any:
        """Narrow by when a device last called."""
        if value in PRESENCE:
            return devices.filter(PRESENCE[value][1]())
        if value in SEEN:
            return seen_within(devices, SEEN[value][1])
        if value == "never":
            return devices.filter(state__last_seen_at=None)
        return devices.filter(state__last_seen_at__lt=timezone.now() - timedelta(days=7))

    def filter_firmware(self, devices: Any, name: str, value: str) -> Any:
        """Narrow by what became of the newest build."""
        devices = with_newest_build(devices)
        if value == "waiting":
            return devices.filter(update_waiting())
        if value == "current":
            return devices.filter(ever_built()).exclude(update_waiting())
        if value == "none":
            return devices.filter(~ever_built())
        return devices.filter(state__offer_state=value)

    def filter_transformer_error(self, devices: Any, name: str, value: bool) -> Any:  # noqa: FBT001
        """Narrow to the devices whose chain failed on their last status, or did not."""
        failing = ~Q(state__status_error="") & Q(state__status_error__isnull=False)
        return devices.filter(failing if value else ~failing)

    def filter_signal(self, devices: Any, name: str, value: str) -> Any:
        """Narrow by the strength of the signal that the device last reported."""
        if value == "none":
            return devices.filter(Q(state__rssi="") | Q(state=None))
        return signal_between(devices, *SIGNALS[value][1:])

    def filter_tag(self, devices: Any, name: str, value: str) -> Any:
        """Narrow to the devices that carry the tag."""
        return tagged(devices, value.strip())


class MeshFilterSet(ScopedFilterSet):
    """By name, id and the device that is in it."""

    search_fields = ("alias", "mesh_id", "description")

    device = django_filters.ModelChoiceFilter(
        queryset=Device.objects.all(),
        field_name="devices",
        to_field_name="uid",
        label="Device",
        widget=HiddenInput,
    )
    empty = django_filters.BooleanFilter(
        field_name="members", lookup_expr="isnull", distinct=True, label="Has no devices"
    )

    class Meta:
        model = Mesh
        fields: list[str] = []
