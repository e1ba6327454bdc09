"""REST of memberships, invitations, custom roles and groups."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.ownership import OwnedViewSet
from accounts.api.serializers import (
    CustomRoleSerializer,
    GroupPersonSerializer,
    InvitationAnswerSerializer,
    InvitationSendSerializer,
    InvitationSerializer,
    MembershipSerializer,
    RoleSerializer,
    UserGroupSerializer,
)
from accounts.filters import (
    CustomRoleFilterSet,
    InvitationFilterSet,
    MembershipFilterSet,
    UserGroupFilterSet,
)
from accounts.models import CustomRole, Invitation, Membership, Organization, UserGroup
from accounts.selectors.invitations import open_invitation, with_state
from accounts.selectors.roles import usable_roles
from accounts.services.groups import (
    group_add,
    group_create,
    group_delete,
    group_remove,
    group_rename,
    person_of,
)
from accounts.services.invitations import (
    digest_of,
    invitation_accept,
    invitation_decline,
    invitation_resend,
    invitation_send,
    invitation_withdraw,
)
from accounts.services.memberships import membership_remove, membership_set
from accounts.services.roles import role_create, role_delete, role_edit
from core.api.viewsets import (
    CreateMixin,
    DestroyMixin,
    ListMixin,
    RetrieveMixin,
    ScopedViewSet,
    UpdateMixin,
)
from core.exceptions import Conflict
from core.scoping import may_in


class MembershipViewSet(ListMixin, RetrieveMixin, UpdateMixin, DestroyMixin, ScopedViewSet):
    """Who holds which role. People join by invitation; here roles change and end."""

    queryset = Membership.objects.select_related("user", "organization", "custom_role").order_by(
        "user__email", "pk"
    )
    serializer_class = MembershipSerializer
    filterset_class = MembershipFilterSet
    ordering_fields = ("created_at",)
    action_serializers = {"update": RoleSerializer, "partial_update": RoleSerializer}
    sudo_actions = frozenset({"update", "partial_update", "destroy"})

    @extend_schema(request=RoleSerializer, responses=MembershipSerializer)
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Give the person another role."""
        obj = self.get_object()
        chosen = role_in(obj.organization, self.valid_data())
        changed = membership_set(self.actor, user=obj.user, organization=obj.organization, **chosen)
        return Response(self.represent(changed))

    @extend_schema(request=RoleSerializer, responses=MembershipSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Give the person another role."""
        return self.update(request, *args, **kwargs)

    def service_destroy(self, obj: Membership) -> None:
        membership_remove(self.actor, membership=obj)


class InvitationViewSet(ListMixin, RetrieveMixin, CreateMixin, ScopedViewSet):
    """Offers of a role, by mail."""

    queryset = with_state(
        Invitation.objects.select_related("organization", "custom_role", "invited_by")
    ).order_by("-created_at", "-pk")
    serializer_class = InvitationSerializer
    filterset_class = InvitationFilterSet
    ordering_fields = ("created_at", "expires_at")
    action_permissions = {
        "resend": "change",
        "withdraw": "delete",
        "accept": "view",
        "decline": "view",
    }
    action_serializers = {
        "create": InvitationSendSerializer,
        "accept": InvitationAnswerSerializer,
        "decline": InvitationAnswerSerializer,
    }
    sudo_actions = frozenset({"create"})

    @extend_schema(request=InvitationSendSerializer, responses={201: InvitationSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Send an invitation."""
        return super().create(request, *args, **kwargs)

    def placed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Refuse where the actor may not invite."""
        if not may_in(self.actor, Invitation, "add", data["organization"]):
            raise PermissionDenied
        return data

    def service_create(self, data: dict[str, Any]) -> Invitation:
        organization = data["organization"]
        return invitation_send(
            self.actor,
            organization=organization,
            email=data["email"],
            **role_in(organization, data),
        )

    def represent(self, obj: Invitation) -> Any:
        """Show the invitation with its state."""
        return super().represent(self.queryset.all().get(pk=obj.pk))

    @extend_schema(request=None, responses=InvitationSerializer)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, uid: str) -> Response:
        """Mail a new link; the old one is void."""
        return Response(self.represent(invitation_resend(self.actor, invitation=self.get_object())))

    @extend_schema(request=None, responses=InvitationSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, uid: str) -> Response:
        """Take the offer back."""
        return Response(
            self.represent(invitation_withdraw(self.actor, invitation=self.get_object()))
        )

    @extend_schema(request=InvitationAnswerSerializer, responses=MembershipSerializer)
    @action(detail=False, methods=["post"], filterset_class=InvitationFilterSet)
    def accept(self, request: Request) -> Response:
        """Become a member, as the person whose verified address was invited."""
        membership = invitation_accept(self.actor, invitation=self._meant())
        context = self.get_serializer_context()
        return Response(MembershipSerializer(membership, context=context).data)

    @extend_schema(request=InvitationAnswerSerializer, responses={204: None})
    @action(detail=False, methods=["post"])
    def decline(self, request: Request) -> Response:
        """Refuse the offer."""
        invitation_decline(self.actor, invitation=self._meant())
        return Response(status=204)

    def _meant(self) -> Invitation:
        invitation = open_invitation(digest_of(self.valid_data()["token"]))
        if invitation is None:
            raise Conflict("accounts.invitation_over", "This invitation is not open any more.")
        return invitation


class CustomRoleViewSet(OwnedViewSet):
    """Named sets of actions. Nobody makes or changes one that holds more than they do."""

    queryset = CustomRole.objects.select_related("organization").order_by("name", "pk")
    serializer_class = CustomRoleSerializer
    filterset_class = CustomRoleFilterSet
    ordering_fields = ("name", "created_at")
    sudo_actions = frozenset({"create", "update", "partial_update", "destroy"})

    def service_create(self, data: dict[str, Any]) -> CustomRole:
        return role_create(self.actor, **data)

    def service_update(self, obj: CustomRole, data: dict[str, Any]) -> CustomRole:
        return role_edit(self.actor, role=obj, **data)

    def service_destroy(self, obj: CustomRole) -> None:
        role_delete(self.actor, role=obj)


class UserGroupViewSet(OwnedViewSet):
    """Groups of people, to share objects with all of them at once."""

    queryset = (
        UserGroup.objects.select_related("organization", "group")
        .prefetch_related("group__user_set")
        .order_by("name", "pk")
    )
    serializer_class = UserGroupSerializer
    filterset_class = UserGroupFilterSet
    ordering_fields = ("name", "created_at")
    action_permissions = {"add_person": "change", "remove_person": "change"}
    action_serializers = {
        "add_person": GroupPersonSerializer,
        "remove_person": GroupPersonSerializer,
    }

    def service_create(self, data: dict[str, Any]) -> UserGroup:
        return group_create(self.actor, **data)

    def service_update(self, obj: UserGroup, data: dict[str, Any]) -> UserGroup:
        return group_rename(self.actor, group=obj, name=data.get("name", obj.name))

    def service_destroy(self, obj: UserGroup) -> None:
        group_delete(self.actor, group=obj)

    @extend_schema(request=GroupPersonSerializer, responses=UserGroupSerializer)
    @action(detail=True, methods=["post"], url_path="add-person")
    def add_person(self, request: Request, uid: str) -> Response:
        """Put a person into the group."""
        group = self.get_object()
        person = person_of(group, self.valid_data()["person"])
        group_add(self.actor, group=group, user=person)
        return Response(self.represent(self.get_object()))

    @extend_schema(request=GroupPersonSerializer, responses=UserGroupSerializer)
    @action(detail=True, methods=["post"], url_path="remove-person")
    def remove_person(self, request: Request, uid: str) -> Response:
        """Take a person out of the group."""
        group = self.get_object()
        person = person_of(group, self.valid_data()["person"])
        group_remove(self.actor, group=group, user=person)
        return Response(self.represent(self.get_object()))


def role_in(organization: Organization, data: dict[str, Any]) -> dict[str, Any]:
    """Return `role` and `custom_role` of a body; 400 for a role that is not usable there."""
    uid = data.get("custom_role")
    custom = usable_roles(organization).filter(uid=uid).first() if uid else None
    if uid and custom is None:
        text = "There is no such role here, or you may not see it."
        raise serializers.ValidationError({"custom_role": [text]})
    return {"role": data["role"], "custom_role": custom}
