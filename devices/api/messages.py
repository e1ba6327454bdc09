"""REST of what a device says and is told over MQTT, below the device itself."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from messaging.api.serializers import MessageSerializer, PublicationSerializer, PublishSerializer
from messaging.models import DeviceMessage
from messaging.services import message_publish, topics_of

MESSAGES = {"messages": "view", "publish": "publish"}


class MessagesMixin:
    """Adds the messages of a device, and the way to publish to it."""

    @extend_schema(summary="Last messages", responses=MessageSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filter_backends=[])
    def messages(self, request: Request, uid: Any) -> Response:
        """Show the last messages of the device, newest first, a page at a time."""
        device = self.get_object()  # type: ignore[attr-defined]
        rows = DeviceMessage.objects.allowed(self.actor).filter(device=device)  # type: ignore[attr-defined]
        page = self.paginate_queryset(rows.order_by("-pk"))  # type: ignore[attr-defined]
        shown = MessageSerializer(page, many=True, context=self.get_serializer_context()).data  # type: ignore[attr-defined]
        return self.get_paginated_response(shown)  # type: ignore[attr-defined]

    @extend_schema(
        summary="Publish", request=PublishSerializer, responses={202: PublicationSerializer}
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, uid: Any) -> Response:
        """Publish a payload to the device, once at most, over MQTT."""
        device, said = self.get_object(), self.valid_data()  # type: ignore[attr-defined]
        said.setdefault("topic", topics_of(device)[0])
        published = message_publish(self.actor, device=device, **said)  # type: ignore[attr-defined]
        context = self.get_serializer_context()  # type: ignore[attr-defined]
        return Response(PublicationSerializer(published, context=context).data, status=202)
