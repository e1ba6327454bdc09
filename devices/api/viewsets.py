"""REST of devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, prefetch_related_objects
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.ownership import OwnedViewSet
from accounts.api.sharing import SHARING, SharingMixin
from core.scoping import is_allowed
from devices.api.messages import MESSAGES, MessagesMixin
from devices.api.serializers import (
    DeviceSerializer,
    MeshDeviceSerializer,
    MeshPreviewSerializer,
    MeshRuleSerializer,
    MeshSerializer,
)
from devices.filters import DeviceFilterSet, MeshFilterSet
from devices.mesh_rules import clean_rule, preview_of
from devices.mesh_services import (
    mesh_attach,
    mesh_create,
    mesh_delete,
    mesh_detach,
    mesh_edit,
)
from devices.models import Device, Mesh
from devices.querysets import with_device_count
from devices.releases.api.viewsets import RELEASING, ReleaseMixin
from devices.services import device_create, device_delete, device_edit
from devices.transformers.api.serializers import ChainSerializer, ChainShownSerializer
from devices.transformers.api.viewsets import ChainMixin
from messaging.api.serializers import PublishSerializer

# Long texts of related rows that no answer shows.
UNSHOWN = (
    "source__refs",
    "source__known_hosts",
    "source__access_token",
    "state__installed_build__stages",
    "state__offered_build__stages",
)


class DeviceViewSet(ReleaseMixin, MessagesMixin, ChainMixin, SharingMixin, OwnedViewSet):
    """Devices. Most of them add themselves when they first call with an API key."""

    queryset = Device.objects.select_related(
        "organization", "source", "state__installed_build", "state__offered_build"
    ).defer(*UNSHOWN)
    serializer_class = DeviceSerializer
    filterset_class = DeviceFilterSet
    ordering_fields = ("alias", "created_at", "platform", "state__last_seen_at")
    action_permissions = {
        **SHARING,
        **MESSAGES,
        **RELEASING,
        "transformers": "view",
        "transformers_set": "change",
    }
    action_serializers: ClassVar[dict[str, Any]] = {
        "publish": PublishSerializer,
        "transformers": ChainShownSerializer,
        "transformers_set": ChainSerializer,
    }

    def get_queryset(self) -> Any:
        """Add the meshes that the actor may view."""
        return super().get_queryset().prefetch_related(self._visible_meshes())

    def get_object(self) -> Device:
        """Return the device with the meshes that the actor may view."""
        return self._with_meshes(super().get_object())

    def represent(self, obj: Device) -> Any:
        """Show a new device with its meshes too: it has none."""
        return super().represent(self._with_meshes(obj))

    def service_create(self, data: dict[str, Any]) -> Device:
        return device_create(self.actor, **data)

    def service_update(self, obj: Device, data: dict[str, Any]) -> Device:
        return device_edit(self.actor, device=obj, **data)

    def service_destroy(self, obj: Device) -> None:
        device_delete(self.actor, device=obj)

    def _visible_meshes(self) -> Prefetch:
        fake = getattr(self, "swagger_fake_view", False)
        rows = Mesh.objects.none() if fake else Mesh.objects.allowed(self.actor)
        return Prefetch("meshes", rows.order_by("alias", "pk"), to_attr="visible_meshes")

    def _with_meshes(self, device: Device) -> Device:
        prefetch_related_objects([device], self._visible_meshes())
        return device


class MeshViewSet(SharingMixin, OwnedViewSet):
    """Groups of devices that share an MQTT topic. `devices/?mesh=<uid>` lists the devices."""

    queryset = with_device_count(Mesh.objects.select_related("organization"))
    serializer_class = MeshSerializer
    filterset_class = MeshFilterSet
    ordering_fields = ("alias", "mesh_id", "created_at")
    action_permissions = {
        **SHARING,
        "attach": "change",
        "detach": "change",
        "preview": "change",
    }
    action_serializers = {
        "attach": MeshDeviceSerializer,
        "detach": MeshDeviceSerializer,
        "preview": MeshRuleSerializer,
    }

    def service_create(self, data: dict[str, Any]) -> Mesh:
        return mesh_create(self.actor, **data)

    def service_update(self, obj: Mesh, data: dict[str, Any]) -> Mesh:
        return mesh_edit(self.actor, mesh=obj, **data)

    def service_destroy(self, obj: Mesh) -> None:
        mesh_delete(self.actor, mesh=obj)

    @extend_schema(request=MeshDeviceSerializer, responses=MeshSerializer)
    @action(detail=True, methods=["post"])
    def attach(self, request: Request, uid: Any) -> Response:
        """Put a device into the mesh; again changes nothing. It is told at its next check-in."""
        return self._move(mesh_attach)

    @extend_schema(request=MeshDeviceSerializer, responses=MeshSerializer)
    @action(detail=True, methods=["post"])
    def detach(self, request: Request, uid: Any) -> Response:
        """Take a device out of the mesh; again changes nothing."""
        return self._move(mesh_detach)

    @extend_schema(request=MeshRuleSerializer, responses=MeshPreviewSerializer)
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, uid: Any) -> Response:
        """Say who would be in, join and leave with this rule; nothing is stored."""
        mesh = self.get_object()
        rule = clean_rule(self.actor, self.valid_data()["rule"])
        found = preview_of(self.actor, mesh.organization, rule, mesh)
        return Response(MeshPreviewSerializer(found).data)

    def _move(self, service: Callable[..., bool]) -> Response:
        mesh = self.get_object()
        device = self.valid_data()["device"]
        if not is_allowed(device, self.actor, "change"):
            raise PermissionDenied
        service(self.actor, mesh=mesh, device=device)
        return Response(self.represent(self.get_object()))
