"""REST of devices."""

from __future__ import annotations

from typing import Any

from accounts.api.ownership import OwnedViewSet
from accounts.api.sharing import SHARING, SharingMixin
from devices.api.serializers import DeviceSerializer
from devices.filters import DeviceFilterSet
from devices.models import Device
from devices.services import device_create, device_delete, device_edit

# Long texts of related rows that no answer shows.
UNSHOWN = (
    "source__refs",
    "source__known_hosts",
    "source__access_token",
    "state__installed_build__stages",
    "state__offered_build__stages",
)


class DeviceViewSet(SharingMixin, OwnedViewSet):
    """Devices. Most of them add themselves when they first call with an API key."""

    queryset = Device.objects.select_related(
        "organization", "source", "state__installed_build", "state__offered_build"
    ).defer(*UNSHOWN)
    serializer_class = DeviceSerializer
    filterset_class = DeviceFilterSet
    ordering_fields = ("alias", "created_at", "platform", "state__last_seen_at")
    action_permissions = SHARING

    def service_create(self, data: dict[str, Any]) -> Device:
        return device_create(self.actor, **data)

    def service_update(self, obj: Device, data: dict[str, Any]) -> Device:
        return device_edit(self.actor, device=obj, **data)

    def service_destroy(self, obj: Device) -> None:
        device_delete(self.actor, device=obj)
