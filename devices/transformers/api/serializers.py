"""How the API shows and takes transformers, their versions, trials and chains."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.ownership import OwnedSerializer
from core.api.serializers import HrefField, ScopedModelSerializer, UidRelatedField
from devices.models import Device
from devices.transformers.constants import MAX_BODY, MAX_CHAIN, RECENT
from devices.transformers.models import StatusTransformer, TransformerVersion
from devices.transformers.trying import script_check


class VersionSerializer(ScopedModelSerializer):
    """One text of a transformer; it never changes."""

    author = serializers.StringRelatedField()

    class Meta:
        model = TransformerVersion
        fields = ("number", "body", "note", "author", "created_at")
        read_only_fields = fields


class TransformerSerializer(OwnedSerializer):
    """A script that makes text for people of what devices say. A new `body` is a new version."""

    href = HrefField("api:statustransformer-detail")
    body = serializers.CharField(max_length=MAX_BODY, trim_whitespace=False)
    note = serializers.CharField(
        max_length=200, required=False, allow_blank=True, write_only=True, help_text="What changed."
    )
    version = serializers.IntegerField(source="current.number", read_only=True)

    class Meta:
        model = StatusTransformer
        fixed = ("organization",)
        fields = (
            "href",
            "uid",
            "organization",
            "alias",
            "body",
            "note",
            "version",
            "created_at",
            "updated_at",
        )
        read_only_fields = ("uid", "created_at", "updated_at")

    def validate_body(self, value: str) -> str:
        """Have the engine compile it, and say where it is wrong."""
        found = script_check(value)
        if found.error:
            raise serializers.ValidationError(found.sentence)
        return value

    def to_representation(self, instance: StatusTransformer) -> dict[str, Any]:
        """Show the text that runs."""
        current = instance.current
        instance.body = current.body if current else ""  # type: ignore[attr-defined]
        return super().to_representation(instance)


class RestoreSerializer(serializers.Serializer):
    """Which version becomes the newest again."""

    number = serializers.IntegerField(min_value=1)


class TrySerializer(serializers.Serializer):
    """What to run on what; without a body the current version runs."""

    body = serializers.CharField(max_length=MAX_BODY, required=False, trim_whitespace=False)
    device = UidRelatedField(
        queryset=Device.objects.none(), required=False, help_text="Its last statuses are tried."
    )
    samples = serializers.ListField(
        child=serializers.CharField(max_length=400, allow_blank=True, trim_whitespace=False),
        max_length=RECENT,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if (actor := self.context.get("actor")) is not None:
            self.fields["device"].queryset = Device.objects.allowed(actor)  # type: ignore[attr-defined]


class TrialSerializer(TrySerializer):
    """A script that is not saved."""

    body = serializers.CharField(max_length=MAX_BODY, trim_whitespace=False)


class TriedSerializer(serializers.Serializer):
    """One status beside what the script makes of it. Line and column are 0 without an error."""

    status = serializers.CharField(source="said.text", read_only=True)
    said_at = serializers.DateTimeField(source="said.at", read_only=True, allow_null=True)
    text = serializers.CharField(read_only=True)
    level = serializers.ChoiceField(["ok", "warning", "error"], read_only=True)
    error = serializers.CharField(read_only=True)
    line = serializers.IntegerField(read_only=True)
    column = serializers.IntegerField(read_only=True)


class TriesSerializer(serializers.Serializer):
    """The results, in the order of samples and then of the device's statuses, newest first."""

    error = serializers.CharField(
        read_only=True, help_text="Why the script does not compile; then nothing was run."
    )
    line = serializers.IntegerField(read_only=True)
    column = serializers.IntegerField(read_only=True)
    results = TriedSerializer(many=True, read_only=True)


class ChainSerializer(serializers.Serializer):
    """The chain of a device, in its order."""

    transformers = serializers.ListField(
        child=UidRelatedField(queryset=StatusTransformer.objects.none()), max_length=MAX_CHAIN
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if (actor := self.context.get("actor")) is not None:
            child: Any = self.fields["transformers"].child  # type: ignore[attr-defined]
            child.queryset = StatusTransformer.objects.allowed(actor)


class ChainShownSerializer(serializers.Serializer):
    """The chain of a device: uids in order, null for one that is not shared with you."""

    transformers = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField(allow_null=True)))
    def get_transformers(self, chain: Any) -> list[str | None]:
        """Return the uids."""
        return [f"{link.transformer.uid}" if link.transformer else None for link in chain]
