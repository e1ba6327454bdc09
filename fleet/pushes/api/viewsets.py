"""REST of configuration pushes."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.viewsets import CreateMixin, ReadOnlyViewSet
from core.scoping import is_allowed
from fleet.pushes.api.serializers import ConfigPushSerializer, ConfigReceiptSerializer
from fleet.pushes.filters import ConfigReceiptFilterSet
from fleet.pushes.models import ConfigReceipt
from fleet.pushes.services import config_push_start, config_push_withdraw


class ConfigReceiptViewSet(CreateMixin, ReadOnlyViewSet):
    """Configuration on its way to devices. Newest first."""

    queryset = ConfigReceipt.objects.select_related(
        "device__organization", "push__created_by", "push__organization"
    )
    serializer_class = ConfigReceiptSerializer
    filterset_class = ConfigReceiptFilterSet
    ordering_fields = ("queued_at", "sent_at", "seen_at", "state")
    action_permissions = {"withdraw": "withdraw"}
    action_serializers = {"create": ConfigPushSerializer}

    @extend_schema(
        summary="Push configuration to one device",
        request=ConfigPushSerializer,
        responses={201: ConfigReceiptSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Have a device take over values; what is still on its way to it is replaced."""
        return super().create(request, *args, **kwargs)

    def placed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Ask for the right to configure this device."""
        if not is_allowed(data["device"], self.actor, "configure"):
            raise PermissionDenied
        return data

    def service_create(self, data: dict[str, Any]) -> ConfigReceipt:
        return config_push_start(
            self.actor, device=data["device"], values=data["values"], secret_names=data["conceal"]
        )

    @extend_schema(request=None, responses=ConfigReceiptSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, uid: Any) -> Response:
        """Take back what was not sent yet; 409 once it was."""
        receipt = config_push_withdraw(self.actor, receipt=self.get_object())
        return Response(self.represent(receipt))
