"""How the API shows people and organizations."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from rest_framework import serializers

from accounts.choices import Role
from accounts.models import CustomRole, Invitation, Membership, Organization, UserGroup
from core.api.serializers import (
    HrefField,
    ScopedModelSerializer,
    ScopedSerializer,
    UidRelatedField,
)
from core.scoping import may_in


class OrganizationBriefSerializer(ScopedModelSerializer):
    """An organization. Devices send its `owner_id`."""

    href = HrefField("api:organization-detail")

    class Meta:
        model = Organization
        fields: tuple[str, ...] = (
            "href",
            "uid",
            "name",
            "owner_id",
            "is_personal",
            "created_at",
        )
        read_only_fields: tuple[str, ...] = fields


class ParentField(UidRelatedField):
    """The organization right above, from the annotation `parent_uid` of the rows."""

    def get_attribute(self, instance: Organization) -> Any:
        """Return what has the uid of the parent, without asking for it again."""
        uid = getattr(instance, "parent_uid", None)
        return SimpleNamespace(uid=uid) if uid else None

    def use_pk_only_optimization(self) -> bool:
        """Always read the uid."""
        return False


class OrganizationSerializer(OrganizationBriefSerializer):
    """An organization with its place in the tree. Move it with `move`, limit it with `limits`."""

    parent = ParentField(  # type: ignore[assignment]
        queryset=Organization.objects.all(),
        required=False,
        allow_null=True,
        help_text="Right above; empty at the top, or when you may not see what is above.",
    )

    class Meta(OrganizationBriefSerializer.Meta):
        fields = (
            *OrganizationBriefSerializer.Meta.fields,
            "parent",
            "requires_second_factor",
            "reviews_pushes",
            "max_devices",
            "max_concurrent_builds",
            "max_storage_mb",
        )
        read_only_fields = tuple(name for name in fields if name not in {"name", "parent"})
        fixed = ("parent",)


class OrganizationMoveSerializer(ScopedSerializer):
    """Where to hang it."""

    parent = UidRelatedField(  # type: ignore[assignment]
        queryset=Organization.objects.all(), allow_null=True, help_text="Empty: to the top."
    )


class OrganizationLimitsSerializer(ScopedModelSerializer):
    """How much it may use with everything below it; null is no limit of its own."""

    class Meta:
        model = Organization
        fields = ("max_devices", "max_concurrent_builds", "max_storage_mb")


class DemandSerializer(ScopedSerializer):
    """Whether it is demanded."""

    demanded = serializers.BooleanField()


class UsageSerializer(serializers.Serializer):
    """How much of one limit is used."""

    kind = serializers.CharField(source="kind.slug", read_only=True)
    used = serializers.IntegerField(read_only=True, help_text="Storage in MB.")
    limit = serializers.IntegerField(read_only=True, allow_null=True)
    holder = serializers.UUIDField(
        source="holder.uid",
        read_only=True,
        default=None,
        allow_null=True,
        help_text="The organization whose limit leaves the least room.",
    )


class PersonSerializer(serializers.Serializer):
    """The person who asks, or for whom a key asks."""

    uid = serializers.UUIDField(read_only=True)
    email = serializers.EmailField(read_only=True)
    name = serializers.CharField(read_only=True, source="__str__")  # type: ignore[assignment]


class CredentialSerializer(serializers.Serializer):
    """What the request was signed with."""

    kind = serializers.ChoiceField(["session", "api_key", "password"], read_only=True)
    label = serializers.CharField(read_only=True, help_text="How the audit log calls it.")  # type: ignore[assignment]
    expires_at = serializers.DateTimeField(read_only=True, allow_null=True)


class OwnRoleSerializer(serializers.Serializer):
    """A role that the person holds; it covers the organizations below."""

    organization = serializers.UUIDField(read_only=True, source="organization.uid")
    name = serializers.CharField(read_only=True, source="organization.name")
    role = serializers.ChoiceField(Role.choices, read_only=True)


class WhoAmISerializer(serializers.Serializer):
    """Who the console takes the caller for, and where new objects go."""

    person = PersonSerializer(read_only=True)
    credential = CredentialSerializer(read_only=True)
    organization = OrganizationBriefSerializer(read_only=True, allow_null=True)
    roles = OwnRoleSerializer(read_only=True, many=True)


class RoleSerializer(ScopedSerializer):
    """Which role to give: a built-in one, or `custom` with the uid of a custom one."""

    role = serializers.ChoiceField(Role.choices)
    custom_role = serializers.UUIDField(required=False, allow_null=True)


class MembershipSerializer(ScopedModelSerializer):
    """One person's role in one organization; it holds below, too."""

    href = HrefField("api:membership-detail")
    person = PersonSerializer(source="user", read_only=True)
    second_factor = serializers.SerializerMethodField(help_text="For admins only.")
    last_sign_in = serializers.SerializerMethodField(help_text="For admins only.")

    class Meta:
        model = Membership
        fields = (
            "href",
            "uid",
            "organization",
            "person",
            "role",
            "custom_role",
            "created_at",
            "second_factor",
            "last_sign_in",
        )
        read_only_fields = fields
        fixed = ("organization",)

    def get_second_factor(self, membership: Membership) -> bool | None:
        """Tell whether the person has one, to those who may know."""
        return membership.user.second_factor_at is not None if self._may(membership) else None

    def get_last_sign_in(self, membership: Membership) -> str | None:
        """Tell when the person signed in last, to those who may know."""
        at = membership.user.last_login
        return at.isoformat() if at is not None and self._may(membership) else None

    def _may(self, membership: Membership) -> bool:
        context: Any = self.context
        known: dict[int, bool] = context.setdefault("may_manage", {})
        organization = membership.organization
        if organization.pk not in known:
            known[organization.pk] = may_in(context["actor"], Membership, "change", organization)
        return known[organization.pk]


class InvitationSerializer(ScopedModelSerializer):
    """An offer of a role, by mail. The link in the mail is shown nowhere else."""

    href = HrefField("api:invitation-detail")
    invited_by = PersonSerializer(read_only=True, allow_null=True)
    state = serializers.CharField(read_only=True)

    class Meta:
        model = Invitation
        fields = (
            "href",
            "uid",
            "organization",
            "email",
            "role",
            "custom_role",
            "state",
            "invited_by",
            "created_at",
            "expires_at",
        )
        read_only_fields = fields
        fixed = ("organization",)


class InvitationSendSerializer(RoleSerializer):
    """Whom to invite into what."""

    organization = UidRelatedField(queryset=Organization.objects.all())
    email = serializers.EmailField(max_length=254)


class InvitationAnswerSerializer(ScopedSerializer):
    """The last part of the link in the mail."""

    token = serializers.CharField(max_length=100, write_only=True)


class CustomRoleSerializer(ScopedModelSerializer):
    """A named set of actions, to be given in its organization and below."""

    href = HrefField("api:customrole-detail")
    organization = UidRelatedField(queryset=Organization.objects.all())
    actions = serializers.ListField(
        child=serializers.CharField(max_length=100),
        max_length=200,
        help_text="Names like `devices.change_device`; seeing comes with every other action.",
    )

    class Meta:
        model = CustomRole
        fields = ("href", "uid", "organization", "name", "actions", "created_at")
        read_only_fields = ("created_at",)
        fixed = ("organization",)


class UserGroupSerializer(ScopedModelSerializer):
    """Some members of an organization."""

    href = HrefField("api:usergroup-detail")
    organization = UidRelatedField(queryset=Organization.objects.all())
    people = PersonSerializer(source="group.user_set.all", many=True, read_only=True)

    class Meta:
        model = UserGroup
        fields = ("href", "uid", "organization", "name", "people", "created_at")
        read_only_fields = ("created_at",)
        fixed = ("organization",)


class GroupPersonSerializer(ScopedSerializer):
    """Whom to put into a group, or take out of it."""

    person = serializers.EmailField(max_length=254)
