"""What is done to many devices at once."""

from __future__ import annotations

from typing import Any

from core.views import BulkActionView, BulkDeleteView, register_model_view
from devices import services
from devices.consequences import deletion_consequences
from devices.filters import DeviceFilterSet
from devices.forms import AttachSourceForm, AutoUpdateForm
from devices.models import Device


@register_model_view(Device, "bulk_delete", detail=False)
class DeviceBulkDeleteView(BulkDeleteView):
    """Deletes the selected devices."""

    queryset = Device.objects.select_related("organization")
    filterset_class = DeviceFilterSet

    def consequences(self, rows: list[Any]) -> list[str]:
        """Name what goes with them."""
        return deletion_consequences(rows)

    def perform(self, obj: Any) -> None:
        """Call the service."""
        services.device_delete(self.actor, device=obj)


@register_model_view(Device, "bulk_source", detail=False)
class DeviceBulkSourceView(BulkActionView):
    """Attaches one source to the selected devices."""

    queryset = Device.objects.select_related("organization")
    filterset_class = DeviceFilterSet
    action = "change"
    form_class = AttachSourceForm
    submit_label = "Attach a source to"
    done_word = "changed"

    def perform(self, obj: Any) -> None:
        """Call the service."""
        services.device_edit(self.actor, device=obj, source=self.form.cleaned_data["source"])


@register_model_view(Device, "bulk_auto_update", detail=False)
class DeviceBulkAutoUpdateView(BulkActionView):
    """Turns automatic updates of the selected devices on or off."""

    queryset = Device.objects.select_related("organization")
    filterset_class = DeviceFilterSet
    action = "change"
    form_class = AutoUpdateForm
    submit_label = "Set updates of"
    done_word = "changed"

    def perform(self, obj: Any) -> None:
        """Call the service."""
        services.device_edit(
            self.actor, device=obj, auto_update=self.form.cleaned_data["auto_update"]
        )
