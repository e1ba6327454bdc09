"""REST of releasing and re-claiming."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.viewsets import DestroyMixin, ReadOnlyViewSet
from devices.api.serializers import DeviceSerializer
from devices.releases.api.serializers import ReleasedDeviceSerializer
from devices.releases.filters import ReleasedDeviceFilterSet
from devices.releases.models import ReleasedDevice
from devices.releases.services import device_reclaim, device_release, released_forget

RELEASING = {"release": "delete"}


class ReleaseMixin:
    """The verb of a device that lets go of it."""

    @extend_schema(request=None, responses=ReleasedDeviceSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, uid: Any) -> Response:
        """Let go of the device: who it calls with a key of has it then. Its builds and keys end."""
        released = device_release(self.actor, device=self.get_object())  # type: ignore[attr-defined]
        context = self.get_serializer_context()  # type: ignore[attr-defined]
        return Response(ReleasedDeviceSerializer(released, context=context).data)


class ReleasedDeviceViewSet(DestroyMixin, ReadOnlyViewSet):
    """Devices that were let go of, newest first. Deleting one forgets it."""

    queryset = ReleasedDevice.objects.select_related("organization", "source", "released_by")
    serializer_class = ReleasedDeviceSerializer
    filterset_class = ReleasedDeviceFilterSet
    ordering_fields = ("released_at", "alias")
    action_permissions = {"reclaim": "reclaim"}

    def service_destroy(self, obj: ReleasedDevice) -> None:
        released_forget(self.actor, released=obj)

    @extend_schema(request=None, responses=DeviceSerializer)
    @action(detail=True, methods=["post"])
    def reclaim(self, request: Request, uid: Any) -> Response:
        """Take the device back; 409 once somebody else has it."""
        device = device_reclaim(self.actor, released=self.get_object())
        visible = device.meshes.allowed(self.actor).order_by("alias", "pk")
        device.visible_meshes = list(visible)  # type: ignore[attr-defined]
        return Response(DeviceSerializer(device, context=self.get_serializer_context()).data)
