"""REST of notifications."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.account import OwnAccountView
from accounts.api.ownership import OwnedViewSet
from core.api.permissions import actor_of
from core.api.viewsets import ReadOnlyViewSet
from notifications.api.serializers import (
    NotificationDeliverySerializer,
    NotificationRuleCreatedSerializer,
    NotificationRuleSerializer,
    NotificationSerializer,
    NotificationTimesSerializer,
)
from notifications.filters import NotificationFilterSet, RuleFilterSet
from notifications.models import Notification, NotificationDelivery, NotificationRule
from notifications.selectors import times_of
from notifications.services.addresses import rule_link_send
from notifications.services.inbox import notification_read, notifications_read
from notifications.services.rules import (
    rule_add,
    rule_change,
    rule_delete,
    rule_secret_replace,
    rule_test,
)
from notifications.services.times import times_change


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


class NotificationRuleViewSet(OwnedViewSet):
    """Where organizations have news sent."""

    queryset = NotificationRule.objects.select_related("organization", "mesh__organization")
    serializer_class = NotificationRuleSerializer
    filterset_class = RuleFilterSet
    ordering_fields = ("name", "created_at", "last_sent_at")
    action_permissions = {
        "test": "change", "send_link": "change", "replace_secret": "change", "deliveries": "view",
    }  # fmt: skip
    sudo_actions = frozenset({"replace_secret"})

    @extend_schema(responses={201: NotificationRuleCreatedSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add a rule. That of a webhook answers with its `secret`, this once."""
        return super().create(request, *args, **kwargs)

    def service_create(self, data: dict[str, Any]) -> NotificationRule:
        rule, secret = rule_add(self.actor, **data)
        if secret:
            rule.shown_once = secret  # type: ignore[attr-defined]
        return rule

    def represent(self, obj: NotificationRule) -> Any:
        """Show the secret right after it was made, and never else."""
        made = hasattr(obj, "shown_once")
        shown = NotificationRuleCreatedSerializer if made else self.serializer_class
        return shown(obj, context=self.get_serializer_context()).data

    def service_update(self, obj: NotificationRule, data: dict[str, Any]) -> NotificationRule:
        return rule_change(self.actor, rule=obj, **data)

    def service_destroy(self, obj: NotificationRule) -> None:
        rule_delete(self.actor, rule=obj)

    @extend_schema(request=None, responses=NotificationDeliverySerializer)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, uid: Any) -> Response:
        """Send a test, whatever the rule asks for."""
        delivery = rule_test(self.actor, rule=self.get_object())
        context = self.get_serializer_context()
        return Response(NotificationDeliverySerializer(delivery, context=context).data)

    @extend_schema(request=None, responses=NotificationRuleSerializer)
    @action(detail=True, methods=["post"], url_path="send-link")
    def send_link(self, request: Request, uid: Any) -> Response:
        """Mail the link that confirms the address once more."""
        return Response(self.represent(rule_link_send(self.actor, rule=self.get_object())))

    @extend_schema(request=None, responses=NotificationRuleCreatedSerializer)
    @action(detail=True, methods=["post"], url_path="replace-secret")
    def replace_secret(self, request: Request, uid: Any) -> Response:
        """Give a webhook another secret; the answer holds it, this once."""
        rule = self.get_object()
        rule.shown_once = rule_secret_replace(self.actor, rule=rule)
        return Response(self.represent(rule))

    @extend_schema(
        responses=NotificationDeliverySerializer(many=True), filters=False,
        summary="List what one rule sent",
    )  # fmt: skip
    @action(detail=True, methods=["get"], filter_backends=[])
    def deliveries(self, request: Request, uid: Any) -> Response:
        """Return what the rule sent, newest first, and how that went."""
        rows = NotificationDelivery.objects.allowed(self.actor).filter(rule=self.get_object())
        page = self.paginate_queryset(rows)
        context = self.get_serializer_context()
        shown = NotificationDeliverySerializer(page, many=True, context=context)
        return self.get_paginated_response(shown.data)


class NotificationTimesView(OwnAccountView):
    """When you may be sent mail and SMS of notifications."""

    name = "Quiet hours and digest"

    @extend_schema(
        responses=NotificationTimesSerializer, operation_id="account_notification_times_retrieve",
        tags=["account"], summary="Show quiet hours and digest",
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """Return your quiet hours and how mail comes."""
        return Response(NotificationTimesSerializer(times_of(self.person())).data)

    @extend_schema(
        request=NotificationTimesSerializer, responses=NotificationTimesSerializer,
        operation_id="account_notification_times_partial_update", tags=["account"],
        summary="Change quiet hours and digest",
    )  # fmt: skip
    def patch(self, request: Request) -> Response:
        """Change the fields given."""
        person = self.person()
        asked = NotificationTimesSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        times = times_change(actor_of(request), user=person, **asked.validated_data)
        return Response(NotificationTimesSerializer(times).data)
