"""REST of bulk jobs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.viewsets import CreateMixin, ReadOnlyViewSet
from core.scoping import may_somewhere
from core.views.selection import Selection
from devices.filters import DeviceFilterSet
from devices.models import Device
from fleet.bulk.api.serializers import (
    BulkJobItemSerializer,
    BulkJobSerializer,
    BulkJobStartSerializer,
)
from fleet.bulk.choices import ItemState
from fleet.bulk.filters import BulkJobFilterSet, BulkJobItemFilterSet
from fleet.bulk.models import BulkJob, BulkJobItem
from fleet.bulk.registry import bulk_actions
from fleet.bulk.selectors import place_for
from fleet.bulk.services import bulk_job_cancel, bulk_job_retry, bulk_job_start


class BulkJobViewSet(CreateMixin, ReadOnlyViewSet):
    """What was asked of many devices at once. Newest first."""

    queryset = BulkJob.objects.select_related(
        "organization", "started_by", "impersonator", "ceiling"
    )
    serializer_class = BulkJobSerializer
    filterset_class = BulkJobFilterSet
    ordering_fields = ("created_at", "ended_at", "state")
    action_permissions = {"cancel": "cancel", "retry": "retry", "items": "view"}
    action_serializers = {"create": BulkJobStartSerializer}

    @extend_schema(
        summary="Do something with many devices",
        request=BulkJobStartSerializer,
        responses={201: BulkJobSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Start a job, whatever the number; who is in it is decided now, once."""
        return super().create(request, *args, **kwargs)

    def permits(self, obj: Any) -> bool:
        """Leave it to `place_for` where a job may be; an object is asked as usual."""
        return may_somewhere(self.actor, Device, "view") if obj is None else super().permits(obj)

    def service_create(self, data: dict[str, Any]) -> BulkJob:
        chosen = bulk_actions.get(data["action"])
        selection = Selection(uids=tuple(data.get("devices", ())), query=data.get("filter"))
        permitted = Device.objects.allowed(self.actor, chosen.permission)
        devices = selection.among(permitted, DeviceFilterSet, self.request)
        return bulk_job_start(
            self.actor,
            organization=place_for(self.actor, devices, None),
            action=chosen,
            fields=texts_of(data["params"]),
            devices=devices,
        )

    @extend_schema(
        responses=BulkJobItemSerializer(many=True),
        filters=False,
        parameters=[
            OpenApiParameter("state", enum=[*ItemState.values], description="Only these."),
            OpenApiParameter("q", description="In the name, the id or the result."),
        ],
    )
    @action(detail=True, methods=["get"])
    def items(self, request: Request, uid: Any) -> Response:
        """List what became of each device; `?state=failed` narrows, `?q=` searches."""
        job = self.get_object()
        rows = BulkJobItem.objects.allowed(self.actor).filter(job=job).order_by("pk")
        found = BulkJobItemFilterSet(request.query_params, queryset=rows, request=request)
        page = self.paginate_queryset(found.qs)
        shown = BulkJobItemSerializer(page, many=True, context=self.get_serializer_context())
        return self.get_paginated_response(shown.data)

    @extend_schema(request=None, responses=BulkJobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, uid: Any) -> Response:
        """Leave out the devices whose turn has not come; 409 once it is over."""
        return Response(self.represent(bulk_job_cancel(self.actor, job=self.get_object())))

    @extend_schema(request=None, responses=BulkJobSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, uid: Any) -> Response:
        """Try the failed devices again, as who asks for it; 409 while the job runs."""
        return Response(self.represent(bulk_job_retry(self.actor, job=self.get_object())))


def texts_of(params: dict[str, Any]) -> dict[str, list[str]]:
    """Return JSON values as a form would send them; false and null are what it leaves out."""
    found: dict[str, list[str]] = {}
    for name, value in params.items():
        if value is None or value is False:
            continue
        values = value if isinstance(value, list) else [value]
        found[name] = ["on" if said is True else f"{said}" for said in values]
    return found
