"""REST of transformers, of their versions, and of the chain of a device."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.ownership import OwnedViewSet
from accounts.api.sharing import SHARING, SharingMixin
from devices.transformers import services
from devices.transformers.api.serializers import (
    ChainSerializer,
    ChainShownSerializer,
    RestoreSerializer,
    TransformerSerializer,
    TrialSerializer,
    TriesSerializer,
    TrySerializer,
    VersionSerializer,
)
from devices.transformers.filters import TransformerFilterSet
from devices.transformers.models import StatusTransformer
from devices.transformers.selectors import chain_shown
from devices.transformers.trying import script_check, script_try


class TransformerViewSet(SharingMixin, OwnedViewSet):
    """Scripts that make text for people of what devices say, with all their versions."""

    queryset = StatusTransformer.objects.select_related("organization", "current")
    serializer_class = TransformerSerializer
    filterset_class = TransformerFilterSet
    ordering_fields = ("alias", "created_at", "updated_at")
    action_permissions = {
        **SHARING,
        "versions": "view",
        "restore": "change",
        "try_saved": "view",
        "try_script": "add",
    }
    action_serializers: ClassVar[dict[str, Any]] = {
        "versions": VersionSerializer,
        "restore": RestoreSerializer,
        "try_saved": TrySerializer,
        "try_script": TrialSerializer,
    }

    def service_create(self, data: dict[str, Any]) -> StatusTransformer:
        return services.transformer_create(self.actor, **data)

    def service_update(self, obj: StatusTransformer, data: dict[str, Any]) -> StatusTransformer:
        return services.transformer_edit(self.actor, transformer=obj, **data)

    def service_destroy(self, obj: StatusTransformer) -> None:
        services.transformer_delete(self.actor, transformer=obj)

    @extend_schema(summary="List the versions of one", responses=VersionSerializer(many=True))
    @action(detail=True, filter_backends=[])
    def versions(self, request: Request, uid: Any) -> Response:
        """Return every text it ever had, the newest first."""
        rows = self.paginate_queryset(self.get_object().versions.select_related("author"))
        shown = VersionSerializer(rows, many=True, context=self.get_serializer_context()).data
        return self.get_paginated_response(shown)

    @extend_schema(
        summary="Restore a version of one",
        request=RestoreSerializer,
        responses=TransformerSerializer,
    )
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, uid: Any) -> Response:
        """Make the text of an earlier version the newest one."""
        obj, data = self.get_object(), self.valid_data()
        services.transformer_restore(self.actor, transformer=obj, number=data["number"])
        return Response(self.represent(obj))

    @extend_schema(summary="Try one", request=TrySerializer, responses=TriesSerializer)
    @action(detail=True, methods=["post"], url_path="try")
    def try_saved(self, request: Request, uid: Any) -> Response:
        """Run its script, or another body, on samples and on what a device said; store nothing."""
        current = self.get_object().current
        return self._try({"body": current.body if current else "", **self.valid_data()})

    @extend_schema(summary="Try a script", request=TrialSerializer, responses=TriesSerializer)
    @action(detail=False, methods=["post"], url_path="try")
    def try_script(self, request: Request) -> Response:
        """Run a script that is not saved; without samples and device it is only compiled."""
        if not self.permits(None):
            raise PermissionDenied
        return self._try(self.valid_data())

    def _try(self, data: dict[str, Any]) -> Response:
        found = script_check(data["body"])
        results = [] if found.error else script_try(self.actor, **data)
        answer = {
            "error": found.error,
            "line": found.line,
            "column": found.column,
            "results": results,
        }
        return Response(TriesSerializer(answer).data)


class ChainMixin:
    """`transformers/` below one device: its chain."""

    @extend_schema(summary="Show the transformers of one", responses=ChainShownSerializer)
    @action(detail=True, pagination_class=None, filter_backends=[])
    def transformers(self, request: Request, uid: Any) -> Response:
        """Return the chain that the device's statuses go through, in its order."""
        view: Any = self
        return Response(ChainShownSerializer(chain_shown(view.actor, view.get_object())).data)

    @extend_schema(
        summary="Set the transformers of one",
        request=ChainSerializer,
        responses=ChainShownSerializer,
    )
    @transformers.mapping.put
    def transformers_set(self, request: Request, uid: Any) -> Response:
        """Give the device this chain; what it said last is run through it at once."""
        view: Any = self
        device, data = view.get_object(), view.valid_data()
        services.device_set_transformers(view.actor, device=device, **data)
        return Response(ChainShownSerializer(chain_shown(view.actor, device)).data)
