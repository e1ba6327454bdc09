"""REST of the history: one device's series and pages, and the figures."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Organization
from core.api.permissions import actor_of
from core.scoping import get_allowed
from devices.models import Device
from telemetry.api import serializers
from telemetry.constants import SECOND
from telemetry.figures import counter_figures
from telemetry.ranges import RANGES
from telemetry.selectors import checkin_page, device_series, status_page

TAGS = ["devices"]


def _asked(serializer: Any, request: Request) -> dict[str, Any]:
    """Return the checked query string; 400 with the faults otherwise."""
    asked = serializer(data=request.query_params)
    asked.is_valid(raise_exception=True)
    return asked.validated_data


def _device(request: Request, uid: Any) -> Device:
    return get_allowed(Device.objects.all(), actor_of(request), "view", uid=uid)


class DeviceSeriesView(APIView):
    """A device's check-ins and signal over time."""

    name = "Series"

    @extend_schema(
        parameters=[serializers.RangeSerializer],
        responses=serializers.SeriesSerializer,
        operation_id="devices_series",
        tags=TAGS,
    )
    def get(self, request: Request, uid: Any) -> Response:
        """Return a point for each step of the range, at most 500."""
        device = _device(request, uid)
        span = RANGES[_asked(serializers.RangeSerializer, request)["range"]]
        answer = {
            "range": span.slug,
            "step_seconds": span.step // SECOND,
            "points": device_series(device, span),
        }
        return Response(serializers.SeriesSerializer(answer).data)


class DeviceCheckInsView(APIView):
    """The check-ins of a device."""

    name = "Check-ins"

    @extend_schema(
        parameters=[serializers.PageSerializer],
        responses=serializers.CheckInPageSerializer,
        operation_id="devices_checkins",
        tags=TAGS,
    )
    def get(self, request: Request, uid: Any) -> Response:
        """Return a page of them, newest first."""
        device = _device(request, uid)
        page = checkin_page(device, **_asked(serializers.PageSerializer, request))
        return Response(serializers.CheckInPageSerializer(page).data)


class DeviceStatusesView(APIView):
    """The statuses a device said, each once until it changes."""

    name = "Statuses"

    @extend_schema(
        parameters=[serializers.PageSerializer],
        responses=serializers.StatusPageSerializer,
        operation_id="devices_statuses",
        tags=TAGS,
    )
    def get(self, request: Request, uid: Any) -> Response:
        """Return a page of them, newest first."""
        device = _device(request, uid)
        page = status_page(device, **_asked(serializers.PageSerializer, request))
        return Response(serializers.StatusPageSerializer(page).data)


class FiguresView(APIView):
    """Check-ins, alarms, builds and refusals over time, counted as they happened."""

    name = "Figures"

    @extend_schema(
        parameters=[serializers.FiguresQuerySerializer],
        responses=serializers.FiguresSerializer,
        operation_id="figures",
        tags=["figures"],
    )
    def get(self, request: Request) -> Response:
        """Return the counters of the organizations whose rows you may view."""
        actor = actor_of(request)
        asked = _asked(serializers.FiguresQuerySerializer, request)
        organization = None
        if uid := asked.get("organization"):
            organization = get_allowed(Organization.objects.all(), actor, "view", uid=uid)
        figures = counter_figures(actor, RANGES[asked["range"]], organization=organization)
        return Response(serializers.FiguresSerializer(figures).data)
