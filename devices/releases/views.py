"""Console pages of releasing and re-claiming."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from core.views import (
    Action,
    EmptyState,
    ObjectActionView,
    ObjectDeleteView,
    ObjectListView,
    register_model_view,
)
from devices.consequences import release_consequences
from devices.models import Device
from devices.releases.filters import ReleasedDeviceFilterSet
from devices.releases.models import ReleasedDevice
from devices.releases.services import device_reclaim, device_release, released_forget
from devices.releases.tables import ReleasedDeviceTable


@register_model_view(Device, "release")
class DeviceReleaseView(ObjectActionView):
    """Lets go of a device after saying what that means."""

    queryset = Device.objects.select_related("organization", "source")
    action = "delete"
    title = "Release {}?"
    submit_label = "Release device"
    danger = True
    service = device_release
    argument = "device"

    def consequences(self, obj: Any) -> list[str]:
        """Say what goes, what stays, and who may have it."""
        return release_consequences(obj)

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go to where it can be taken back."""
        messages.success(self.request, f"{obj} is released. You can re-claim it here.")
        return redirect(reverse("devices:releaseddevice_list"))


@register_model_view(ReleasedDevice, "list", detail=False)
class ReleasedDeviceListView(ObjectListView):
    """What was let go of."""

    queryset = ReleasedDevice.objects.select_related("organization", "released_by")
    filterset_class = ReleasedDeviceFilterSet
    table_class = ReleasedDeviceTable
    row_actions = (
        Action("Re-claim", "reclaim", icon="arrow-back-up"),
        Action("Forget", "delete", icon="trash", style="danger"),
    )
    empty = EmptyState(
        "No released devices",
        "A device that you release on its page is listed here, and can be re-claimed while nobody "
        "else has it.",
        icon="plug",
        button="See devices",
        leads_to="devices:device_list",
    )


@register_model_view(ReleasedDevice, "reclaim")
class ReleasedDeviceReclaimView(ObjectActionView):
    """Takes a device back."""

    queryset = ReleasedDevice.objects.select_related("organization", "source")
    action = "reclaim"
    title = "Re-claim {}?"
    submit_label = "Re-claim device"
    service = device_reclaim
    argument = "released"

    def consequences(self, obj: Any) -> list[str]:
        """Say what comes back and what does not."""
        return [
            "It comes back with its device id and with what people had decided about it. Builds, "
            "history and variables do not.",
            "It may call again with a valid API key of this organization. Firmware built here for "
            "it had a key of its own, which is gone: flash it once with new firmware.",
        ]

    def done(self, obj: Any, result: Any) -> HttpResponse:
        """Go to the device."""
        messages.success(self.request, f"{result} is yours again.")
        return redirect(result.get_absolute_url())


@register_model_view(ReleasedDevice, "delete")
class ReleasedDeviceForgetView(ObjectDeleteView):
    """Drops what is kept of it."""

    queryset = ReleasedDevice.objects.select_related("organization")
    title = "Forget {}?"
    submit_label = "Forget"
    service = released_forget
    argument = "released"

    def consequences(self, obj: Any) -> list[str]:
        """Say what becomes of the device."""
        return [
            "It cannot be re-claimed any more.",
            "If it calls with a valid API key of this organization, it comes back as new.",
        ]
