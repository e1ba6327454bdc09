"""REST of rollouts."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.ownership import OwnedViewSet
from core.api.serializers import FIXED
from core.scoping import is_allowed
from fleet.rollouts import automatic, services
from fleet.rollouts.api.serializers import (
    RolloutPlanSerializer,
    RolloutReasonSerializer,
    RolloutSerializer,
    RolloutStartSerializer,
    RolloutTargetQuerySerializer,
    RolloutTargetSerializer,
)
from fleet.rollouts.chosen import chosen_devices
from fleet.rollouts.filters import RolloutFilterSet, RolloutPlanFilterSet
from fleet.rollouts.models import Rollout, RolloutPlan
from fleet.rollouts.selectors import targets_of

ASKED = {"state", "wave"}
CHOICE = {"mesh", "devices", "filter"}


class RolloutViewSet(OwnedViewSet):
    """Rollouts of firmware. Newest first."""

    queryset = Rollout.objects.select_related("organization", "source", "build", "created_by")
    serializer_class = RolloutSerializer
    filterset_class = RolloutFilterSet
    ordering_fields = ("created_at", "started_at", "name", "state")
    action_permissions = {
        "start": "run",
        "approve": "approve",
        "pause": "run",
        "resume": "run",
        "abort": "run",
        "roll_back": "run",
        "retry": "run",
        "targets": "view",
    }
    action_serializers = {
        "start": RolloutStartSerializer,
        "abort": RolloutReasonSerializer,
        "roll_back": RolloutReasonSerializer,
    }

    def service_create(self, data: dict[str, Any]) -> Rollout:
        """Draft it for the devices that the body chose; without any choice for all."""
        build = data.get("build")
        if build is not None and not is_allowed(build.source, self.actor, "build"):
            raise PermissionDenied
        devices = chosen_devices(
            self.actor,
            data["organization"],
            self.request,
            mesh=data.pop("mesh", None),
            uids=data.pop("devices", ()),
            query=data.pop("filter", None),
        )
        return services.rollout_create(self.actor, devices=devices, **data)

    def service_update(self, obj: Rollout, data: dict[str, Any]) -> Rollout:
        """Change the name and the plan of a draft."""
        if chosen := CHOICE & data.keys():
            raise ValidationError({name: [FIXED] for name in chosen})
        changes = {name: data[name] for name in ("name", "plan") if name in data}
        return services.rollout_edit(self.actor, rollout=obj, **changes)

    def service_destroy(self, obj: Rollout) -> None:
        services.rollout_delete(self.actor, rollout=obj)

    @extend_schema(request=RolloutStartSerializer, responses=RolloutSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, uid: Any) -> Response:
        """Start a draft now or later, or ask for the approval that its plan wants."""
        return self._do(services.rollout_start, **self.valid_data())

    @extend_schema(request=None, responses=RolloutSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, uid: Any) -> Response:
        """Approve what somebody else started; it then runs."""
        return self._do(services.rollout_approve)

    @extend_schema(request=None, responses=RolloutSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, uid: Any) -> Response:
        """Offer nothing for now."""
        return self._do(services.rollout_pause)

    @extend_schema(request=None, responses=RolloutSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, uid: Any) -> Response:
        """Go on after a pause or a halt; failures count anew."""
        return self._do(services.rollout_resume)

    @extend_schema(request=RolloutReasonSerializer, responses=RolloutSerializer)
    @action(detail=True, methods=["post"])
    def abort(self, request: Request, uid: Any) -> Response:
        """Give it up."""
        return self._do(services.rollout_abort, **self.valid_data())

    @extend_schema(request=RolloutReasonSerializer, responses=RolloutSerializer)
    @action(detail=True, methods=["post"], url_path="roll-back", url_name="roll-back")
    def roll_back(self, request: Request, uid: Any) -> Response:
        """Give devices their previous firmware back."""
        return self._do(services.rollout_roll_back, **self.valid_data())

    @extend_schema(request=None, responses=RolloutSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, uid: Any) -> Response:
        """Try the devices that failed again."""
        return self._do(services.rollout_retry)

    @extend_schema(
        summary="List the devices of one rollout",
        parameters=[RolloutTargetQuerySerializer],
        responses=RolloutTargetSerializer(many=True),
    )
    @action(detail=True, filter_backends=[])
    def targets(self, request: Request, uid: Any) -> Response:
        """Return the devices in the order of their turns, of one state or wave if asked."""
        rows = targets_of(self.actor, self.get_object())
        query = RolloutTargetQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = {name: value for name, value in query.validated_data.items() if name in ASKED}
        page = self.paginate_queryset(rows.filter(**wanted).concealing(self.actor))
        context = self.get_serializer_context()
        shown = RolloutTargetSerializer(page, many=True, context=context)
        return self.get_paginated_response(shown.data)

    def _do(self, service: Any, **values: Any) -> Response:
        rollout = service(self.actor, rollout=self.get_object(), **values)
        return Response(self.represent(rollout))


class RolloutPlanViewSet(OwnedViewSet):
    """Default plans of sources: a new build for many rolls out by the plan of its source."""

    queryset = RolloutPlan.objects.select_related("organization", "source")
    serializer_class = RolloutPlanSerializer
    filterset_class = RolloutPlanFilterSet
    ordering_fields = ("created_at",)

    def service_create(self, data: dict[str, Any]) -> RolloutPlan:
        return automatic.rollout_plan_create(self.actor, **data)

    def service_update(self, obj: RolloutPlan, data: dict[str, Any]) -> RolloutPlan:
        changes = {name: data[name] for name in ("is_on", "plan") if name in data}
        return automatic.rollout_plan_edit(self.actor, rollout_plan=obj, **changes)

    def service_destroy(self, obj: RolloutPlan) -> None:
        automatic.rollout_plan_delete(self.actor, rollout_plan=obj)
