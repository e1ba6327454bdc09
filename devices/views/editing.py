"""Pages that add, change and delete a device."""

from __future__ import annotations

from typing import Any

from core.views import ObjectDeleteView, ObjectEditView, ObjectFieldView, register_model_view
from devices import services
from devices.consequences import deletion_consequences
from devices.forms import DeviceForm
from devices.models import Device


@register_model_view(Device, "add", detail=False)
@register_model_view(Device, "edit")
class DeviceEditView(ObjectEditView):
    """Adds or changes a device."""

    queryset = Device.objects.select_related("organization", "source", "state")
    form_class = DeviceForm
    template_name = "devices/device_edit.html"

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Offer the sources of the organization that the device is in."""
        organization = obj.organization if obj is not None else self.organization()
        return {**super().form_kwargs(obj), "organization": organization}

    def save(self, form: Any, obj: Any) -> Any:
        """Call the service."""
        if obj is not None:
            return services.device_edit(self.actor, device=obj, **form.said())
        return services.device_create(
            self.actor, organization=self.organization(), **form.cleaned_data
        )


@register_model_view(Device, "field")
class DeviceFieldView(ObjectFieldView):
    """Changes one fact of a device on its page."""

    queryset = Device.objects.select_related("organization", "source", "state")
    form_class = DeviceForm

    def form_kwargs(self, obj: Any) -> dict[str, Any]:
        """Offer the sources of the organization that the device is in."""
        return {**super().form_kwargs(obj), "organization": obj.organization}

    def save(self, form: Any, obj: Any) -> Any:
        """Call the service."""
        return services.device_edit(self.actor, device=obj, **form.cleaned_data)


@register_model_view(Device, "delete")
class DeviceDeleteView(ObjectDeleteView):
    """Deletes a device after saying what goes with it."""

    queryset = Device.objects.select_related("organization")
    service = services.device_delete
    argument = "device"

    def consequences(self, obj: Any) -> list[str]:
        """Name what goes with it."""
        return deletion_consequences([obj])
