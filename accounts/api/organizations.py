"""REST of organizations: the tree, limits, what they demand."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Length, Substr
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import (
    DemandSerializer,
    OrganizationLimitsSerializer,
    OrganizationMoveSerializer,
    OrganizationSerializer,
    UsageSerializer,
)
from accounts.api.sharing import ACCESS, AccessMixin
from accounts.filters import OrganizationFilterSet
from accounts.models import Organization
from accounts.selectors.tree import inactive_organizations
from accounts.services.limits import organization_limit, usage_of
from accounts.services.memberships import membership_leave
from accounts.services.organizations import (
    organization_activate,
    organization_create,
    organization_deactivate,
    organization_delete,
    organization_demand_second_factor,
    organization_move,
    organization_rename,
    organization_review_pushes,
)
from accounts.tree import STEP
from core.api.viewsets import ModelViewSet
from core.scoping import is_allowed


class OrganizationViewSet(AccessMixin, ModelViewSet):
    """The organizations you may see: your own, and those in which you have a role."""

    queryset = Organization.objects.order_by("path")
    serializer_class = OrganizationSerializer
    filterset_class = OrganizationFilterSet
    ordering_fields = ("name", "created_at")
    action_permissions = {
        **ACCESS,
        "move": "move",
        "limits": "change",
        "second_factor": "change",
        "review_pushes": "change",
        "deactivate": "delete",
        "activate": "delete",
        "leave": "view",
        "usage": "view",
    }
    action_serializers = {
        "move": OrganizationMoveSerializer,
        "limits": OrganizationLimitsSerializer,
        "second_factor": DemandSerializer,
        "review_pushes": DemandSerializer,
    }
    sudo_actions = frozenset({"move", "second_factor", "review_pushes", "deactivate", "destroy"})

    def get_queryset(self) -> Any:
        """Return the organizations, each with the uid of the visible one right above."""
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        above = Substr(OuterRef("path"), 1, Length(OuterRef("path")) - Value(STEP))
        parent = Organization.objects.allowed(self.actor).filter(path=above).order_by()
        return rows.annotate(parent_uid=Subquery(parent.values("uid")[:1]))

    def represent(self, obj: Organization) -> Any:
        """Show the organization as it is now, with its place."""
        found = self.get_queryset().filter(pk=obj.pk).first()
        return super().represent(found or obj)

    def service_create(self, data: dict[str, Any]) -> Organization:
        parent = data.get("parent")
        if parent is not None and not is_allowed(parent, self.actor, "add"):
            raise PermissionDenied
        person = self.actor.user
        return organization_create(self.actor, name=data["name"], admin=person, parent=parent)

    def service_update(self, obj: Organization, data: dict[str, Any]) -> Organization:
        return organization_rename(self.actor, organization=obj, name=data.get("name", obj.name))

    def service_destroy(self, obj: Organization) -> None:
        organization_delete(self.actor, organization=obj)

    @extend_schema(request=OrganizationMoveSerializer, responses=OrganizationSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, uid: str) -> Response:
        """Hang it below another organization, with everything below it."""
        obj = self.get_object()
        parent = self.valid_data()["parent"]
        return Response(
            self.represent(organization_move(self.actor, organization=obj, parent=parent))
        )

    @extend_schema(request=OrganizationLimitsSerializer, responses=OrganizationSerializer)
    @action(detail=True, methods=["post"])
    def limits(self, request: Request, uid: str) -> Response:
        """Set limits; those left out stay. For admins of the organization above."""
        obj, limits = self.get_object(), self.valid_data()
        if not limits:
            raise ValidationError({"max_devices": ["Name at least one limit."]})
        changed = organization_limit(self.actor, organization=obj, **limits)
        return Response(self.represent(changed))

    @extend_schema(request=DemandSerializer, responses=OrganizationSerializer)
    @action(detail=True, methods=["post"], url_path="second-factor")
    def second_factor(self, request: Request, uid: str) -> Response:
        """Demand a second factor of its members, or no longer."""
        obj = self.get_object()
        changed = organization_demand_second_factor(
            self.actor, organization=obj, **self.valid_data()
        )
        return Response(self.represent(changed))

    @extend_schema(request=DemandSerializer, responses=OrganizationSerializer)
    @action(detail=True, methods=["post"], url_path="review-pushes")
    def review_pushes(self, request: Request, uid: str) -> Response:
        """Have a second person approve each configuration push, here and below, or no longer."""
        obj = self.get_object()
        changed = organization_review_pushes(self.actor, organization=obj, **self.valid_data())
        return Response(self.represent(changed))

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, uid: str) -> Response:
        """Close it and all below it; nothing is deleted, and it is out of sight."""
        organization_deactivate(self.actor, organization=self.get_object())
        return Response(status=204)

    @extend_schema(request=None, responses=OrganizationSerializer)
    @action(detail=True, methods=["post"])
    def activate(self, request: Request, uid: str) -> Response:
        """Open it again, with all below it. For admins of the organization above."""
        may_attempt = self.actor.may_attempt("accounts.delete_organization")
        rows = inactive_organizations(self.actor).filter(uid=uid)
        obj = rows.first() if may_attempt else None
        if obj is None:
            raise Http404
        organization_activate(self.actor, organization=obj)
        return Response(self.represent(obj))

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, uid: str) -> Response:
        """Give up your own role on it."""
        membership_leave(self.actor, organization=self.get_object())
        return Response(status=204)

    @extend_schema(responses=UsageSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], pagination_class=None)
    def usage(self, request: Request, uid: str) -> Response:
        """Say how much of each limit is used, everything below included."""
        return Response(UsageSerializer(usage_of(self.get_object()), many=True).data)
