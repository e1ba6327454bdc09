"""How the API shows and takes keys and variables. Secrets go in and never come out."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from accounts.api.ownership import OwnedSerializer
from core.api.serializers import HrefField, SealedField, UidRelatedField
from keys.choices import KeyAlgorithm
from keys.models import ApiKey, DeployKey, EnvVar


class ApiKeySerializer(OwnedSerializer):
    """An API key by its visible prefix; the key itself is shown once, when it is made."""

    href = HrefField("api:apikey-detail")
    device = UidRelatedField(read_only=True, help_text="Set on the key that firmware carries.")

    class Meta:
        model = ApiKey
        fixed = ("organization", "kind")
        fields = (
            "href",
            "uid",
            "organization",
            "alias",
            "kind",
            "prefix",
            "device",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
            "last_used_address",
        )
        read_only_fields = (
            "uid",
            "prefix",
            "created_at",
            "revoked_at",
            "last_used_at",
            "last_used_address",
        )

    def validate_expires_at(self, value: Any) -> Any:
        """Refuse what is over, and what would outlive the key that asks."""
        if value is not None and value <= timezone.now():
            raise serializers.ValidationError("This moment is over.")
        limit = self.context.get("expires_by")
        if limit is not None and (value is None or value > limit):
            raise serializers.ValidationError("A key cannot make one that outlives it.")
        return value


class ApiKeyCreatedSerializer(ApiKeySerializer):
    """The answer to making a key: the only time that it holds the key."""

    key = serializers.CharField(read_only=True, source="shown_once")

    class Meta(ApiKeySerializer.Meta):
        fields = (*ApiKeySerializer.Meta.fields, "key")  # type: ignore[assignment]


class DeployKeySerializer(OwnedSerializer):
    """An SSH key pair. Give `public_key` to the git host."""

    href = HrefField("api:deploykey-detail")
    algorithm = serializers.ChoiceField(
        KeyAlgorithm.choices,
        default=KeyAlgorithm.ED25519,
        help_text="Of a key that is generated; a pasted key has its own.",
    )
    private_key = serializers.CharField(
        write_only=True,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        max_length=20_000,
        help_text="Left out: a pair is generated here. Kept sealed and never shown again.",
    )

    class Meta:
        model = DeployKey
        fixed = ("organization", "algorithm", "private_key")
        fields = (
            "href",
            "uid",
            "organization",
            "alias",
            "algorithm",
            "private_key",
            "public_key",
            "fingerprint",
            "created_at",
            "last_used_at",
        )
        read_only_fields = ("uid", "public_key", "fingerprint", "created_at", "last_used_at")


class EnvVarSerializer(OwnedSerializer):
    """One variable of firmware: of a device, a mesh, a source, or the organization.

    `value` of a secret is null in answers.
    """

    href = HrefField("api:envvar-detail")
    level = serializers.ChoiceField(["organization", "source", "mesh", "device"], read_only=True)
    value = SealedField(
        max_length=20_000, allow_blank=True, trim_whitespace=False, allow_null=False
    )
    updated_by = serializers.StringRelatedField()

    class Meta:
        model = EnvVar
        fixed = ("organization", "source", "mesh", "device", "name")
        fields = (
            "href",
            "uid",
            "organization",
            "source",
            "mesh",
            "device",
            "level",
            "name",
            "value",
            "is_secret",
            "updated_by",
            "updated_at",
        )
        read_only_fields = ("uid", "updated_at")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A variable has one level."""
        named = [name for name in ("source", "mesh", "device") if attrs.get(name)]
        if len(named) > 1:
            fault = "Name a source, a mesh or a device: one of them."
            raise serializers.ValidationError({named[-1]: [fault]})
        return attrs

    def to_representation(self, instance: EnvVar) -> dict[str, Any]:
        """Leave the value of a secret out."""
        shown = super().to_representation(instance)
        return {**shown, "value": None} if instance.is_secret else shown
