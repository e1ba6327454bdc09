"""REST of configuration pushes: the same verbs as the pages."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.selectors.organizations import actor_home
from core.api.viewsets import CreateMixin, ReadOnlyViewSet
from core.scoping import is_allowed, may_in
from devices.models import Device
from fleet.pushes import applying, drafting
from fleet.pushes.api.serializers import (
    ConfigPushSerializer,
    ConfigPushWriteSerializer,
    ConfigReceiptSerializer,
    CountSerializer,
    PreviewSerializer,
    VersionSerializer,
    selection_in,
)
from fleet.pushes.differences import differences, preview_devices
from fleet.pushes.filters import ConfigPushFilterSet, ConfigReceiptFilterSet
from fleet.pushes.models import ConfigPush, ConfigReceipt
from fleet.pushes.places import place_of
from fleet.pushes.services import config_push_withdraw

VERBS = ("submit", "approve", "send_back", "discard", "apply", "retry", "withdraw", "revert")


class ConfigPushViewSet(CreateMixin, ReadOnlyViewSet):
    """Values for devices to take over while they run. Newest first."""

    queryset = ConfigPush.objects.select_related(
        "organization", "created_by", "reviewed_by", "applied_by", "reverts"
    )
    serializer_class = ConfigPushSerializer
    filterset_class = ConfigPushFilterSet
    ordering_fields = ("created_at", "applied_at", "title", "state")
    action_permissions = {
        **dict.fromkeys(VERBS, "change"),
        "differences": "view",
    }
    action_serializers = {
        "create": ConfigPushWriteSerializer,
        "update": ConfigPushWriteSerializer,
        "approve": VersionSerializer,
    }

    @extend_schema(
        summary="Draft a configuration push",
        request=ConfigPushWriteSerializer,
        responses={201: ConfigPushSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Draft it; nothing goes to a device before it is applied."""
        return super().create(request, *args, **kwargs)

    @extend_schema(
        summary="Write a draft anew",
        request=ConfigPushWriteSerializer,
        responses=ConfigPushSerializer,
    )
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Write it anew as a whole; 409 unless it is a draft."""
        obj = self.get_object()
        data = self._written(self.valid_data())
        changed = drafting.config_push_change(self.actor, push=obj, **data)
        return Response(self.represent(changed))

    def placed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Find out where it belongs; 400 for devices that are not there."""
        selection = selection_in(data)
        self._require_devices(data)
        organization = data["organization"] or self._place(data, selection)
        if not may_in(self.actor, ConfigPush, "add", organization):
            raise PermissionDenied
        return {**data, "organization": organization}

    def service_create(self, data: dict[str, Any]) -> ConfigPush:
        return drafting.config_push_draft(
            self.actor, organization=data["organization"], **self._written(data)
        )

    @extend_schema(responses=PreviewSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None)
    def differences(self, request: Request, uid: Any) -> Response:
        """What it would change on each device now, a page of them at a time."""
        push = self.get_object()
        rows = preview_devices(self.actor, push).order_by("alias", "pk")
        devices = self.paginate_queryset(rows) or []
        differences(self.actor, push, devices)
        return self.get_paginated_response(PreviewSerializer(devices, many=True).data)

    @extend_schema(request=None, responses=ConfigPushSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, uid: Any) -> Response:
        """Ask a second person to review a draft."""
        return self._moved(drafting.config_push_submit)

    @extend_schema(request=VersionSerializer, responses=ConfigPushSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, uid: Any) -> Response:
        """Approve what somebody else wrote, in the version that was looked at."""
        push = self.get_object()
        approved = drafting.config_push_approve(self.actor, push=push, **self.valid_data())
        return Response(self.represent(approved))

    @extend_schema(request=None, responses=ConfigPushSerializer)
    @action(detail=True, methods=["post"], url_path="return")
    def send_back(self, request: Request, uid: Any) -> Response:
        """Make a draft again of what is in review or approved."""
        return self._moved(drafting.config_push_return)

    @extend_schema(request=None, responses=ConfigPushSerializer)
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, uid: Any) -> Response:
        """Throw away what was not applied."""
        return self._moved(drafting.config_push_discard)

    @extend_schema(request=None, responses=ConfigPushSerializer)
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, uid: Any) -> Response:
        """Send it to its devices: to all of them from now on, or to none."""
        return self._moved(applying.config_push_apply)

    @extend_schema(request=None, responses=CountSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, uid: Any) -> Response:
        """Send it again to the devices that failed, or never fetched it."""
        return self._counted(applying.config_push_retry)

    @extend_schema(request=None, responses=CountSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, uid: Any) -> Response:
        """Take back what was not sent yet."""
        return self._counted(applying.config_push_withdraw_waiting)

    @extend_schema(request=None, responses=ConfigPushSerializer)
    @action(detail=True, methods=["post"])
    def revert(self, request: Request, uid: Any) -> Response:
        """Draft a push that gives each device back what it had before."""
        return self._moved(applying.config_push_revert)

    def _moved(self, service: Callable[..., ConfigPush]) -> Response:
        return Response(self.represent(service(self.actor, push=self.get_object())))

    def _counted(self, service: Callable[..., int]) -> Response:
        return Response({"devices": service(self.actor, push=self.get_object())})

    def _written(self, data: dict[str, Any]) -> dict[str, Any]:
        return {
            "title": data["title"],
            "values": data["values"],
            "secret_names": data["conceal"],
            "selection": selection_in(data),
        }

    def _require_devices(self, data: dict[str, Any]) -> None:
        wanted = {*data["devices"]}
        rows = Device.objects.filter(uid__in=wanted)
        if wanted and rows.allowed(self.actor).count() != len(wanted):
            message = "Some of these devices do not exist, or you may not see them."
            raise serializers.ValidationError({"devices": [message]})
        if wanted and rows.allowed(self.actor, "configure").count() != len(wanted):
            raise PermissionDenied

    def _place(self, data: dict[str, Any], selection: Any) -> Any:
        if data["mesh"] is not None:
            return data["mesh"].organization
        found = place_of(self.actor, selection, SimpleNamespace(actor=self.actor))
        return found if data["devices"] and found else actor_home(self.actor)


class ConfigReceiptViewSet(ReadOnlyViewSet):
    """How far pushes came to devices. Newest first."""

    queryset = ConfigReceipt.objects.select_related(
        "device__organization", "push__organization", "variant"
    )
    serializer_class = ConfigReceiptSerializer
    filterset_class = ConfigReceiptFilterSet
    ordering_fields = ("queued_at", "sent_at", "ended_at", "state")
    action_permissions = {"withdraw": "view"}

    @extend_schema(request=None, responses=ConfigReceiptSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, uid: Any) -> Response:
        """Take back what was not sent to this device yet; 409 once it was."""
        receipt = self.get_object()
        if not is_allowed(receipt.device, self.actor, "configure"):
            raise PermissionDenied
        return Response(self.represent(config_push_withdraw(self.actor, receipt=receipt)))
