"""REST of notifications."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.viewsets import ReadOnlyViewSet
from notifications.api.serializers import NotificationSerializer
from notifications.filters import NotificationFilterSet
from notifications.models import Notification
from notifications.services.inbox import notification_read, notifications_read


class NotificationViewSet(ReadOnlyViewSet):
    """Your inbox. Newest first. A key sees what its organization told its person."""

    queryset = Notification.objects.select_related("organization")
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilterSet
    ordering_fields = ("created_at", "level")
    action_permissions = {"read": "change", "read_all": "change"}

    @extend_schema(request=None, responses=NotificationSerializer, summary="Mark one read")
    @action(detail=True, methods=["post"])
    def read(self, request: Request, uid: Any) -> Response:
        """Mark one notification read; again changes nothing."""
        found = notification_read(self.actor, notification=self.get_object())
        return Response(self.represent(found))

    @extend_schema(request=None, responses=OpenApiTypes.OBJECT, summary="Mark all read")
    @action(detail=False, methods=["post"], url_path="read-all")
    def read_all(self, request: Request) -> Response:
        """Mark your whole inbox read; says how many were not."""
        return Response({"read": notifications_read(self.actor)})
