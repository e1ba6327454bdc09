"""How the API shows people and organizations."""

from __future__ import annotations

from rest_framework import serializers

from accounts.choices import Role
from accounts.models import Organization
from core.api.serializers import HrefField, ScopedModelSerializer


class OrganizationSerializer(ScopedModelSerializer):
    """An organization. Devices send its `owner_id`."""

    href = HrefField("api:organization-detail")

    class Meta:
        model = Organization
        fields = ("href", "uid", "name", "owner_id", "is_personal", "created_at")
        read_only_fields = fields


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
    organization = OrganizationSerializer(read_only=True, allow_null=True)
    roles = OwnRoleSerializer(read_only=True, many=True)
