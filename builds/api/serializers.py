"""How the API shows and takes sources, builds and artifacts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.api.ownership import OwnedSerializer
from builds.models import Artifact, Build, BuildLogLine, Source
from core.api.serializers import HrefField, ScopedModelSerializer, ScopedSerializer, UidRelatedField
from devices.models import Device


class RefsSerializer(serializers.Serializer):
    """The names in the repository, as the last test of access saw them."""

    branches = serializers.ListField(child=serializers.CharField(), required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    head = serializers.CharField(required=False, allow_blank=True)


class SourceSerializer(OwnedSerializer):
    """A git repository and branch. `check_code` is `ok` once its access was tested."""

    href = HrefField("api:source-detail")
    access_token = serializers.CharField(
        write_only=True,
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="For https; kept sealed and never shown again.",
    )
    refs = RefsSerializer(read_only=True)

    class Meta:
        model = Source
        fixed = ("organization",)
        fields = (
            "href",
            "uid",
            "organization",
            "alias",
            "url",
            "branch",
            "deploy_key",
            "access_token",
            "platform",
            "host_fingerprint",
            "last_commit",
            "refs",
            "checked_at",
            "check_code",
            "check_message",
            "created_at",
        )
        read_only_fields = (
            "uid",
            "platform",
            "host_fingerprint",
            "last_commit",
            "checked_at",
            "check_code",
            "check_message",
            "created_at",
        )


class SourceTestSerializer(ScopedSerializer):
    """What to do about a host key that changed."""

    accept_host_key = serializers.BooleanField(
        default=False, help_text="Pin the key the host shows now; compare it first."
    )


class BuildSerializer(ScopedModelSerializer):
    """One attempt to make firmware for one device."""

    href = HrefField("api:build-detail")
    organization = UidRelatedField(read_only=True)
    source = UidRelatedField(read_only=True)  # type: ignore[assignment]
    device = UidRelatedField(read_only=True)
    stages = serializers.DictField(
        read_only=True, help_text="Per stage: when it started and how many seconds it took."
    )
    created_by = serializers.StringRelatedField()

    class Meta:
        model = Build
        fields = (
            "href",
            "uid",
            "organization",
            "source",
            "device",
            "number",
            "status",
            "deliver",
            "platform",
            "branch",
            "commit",
            "commit_message",
            "version",
            "firmware",
            "error_code",
            "error_message",
            "stages",
            "log_lines",
            "created_by",
            "created_at",
            "changed_at",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields


class BuildStartSerializer(ScopedSerializer):
    """Which device to build for, and from what."""

    device = UidRelatedField(
        queryset=Device.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        help_text="Left out: for none in particular, to be rolled out to many.",
    )
    source = UidRelatedField(  # type: ignore[assignment]
        queryset=Source.objects.all(),
        required=False,
        allow_null=True,
        help_text="Left out: the source of the device.",
    )
    deliver = serializers.BooleanField(
        default=True,
        help_text="Offer the result to the device once it is there; of a build for none in "
        "particular, roll it out by the default plan of the source, if that is on.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for a device or a source."""
        if attrs.get("device") is None and attrs.get("source") is None:
            said = "Name a device, or a source to build for none in particular."
            raise serializers.ValidationError({"device": said})
        return attrs


class BuildLogQuerySerializer(serializers.Serializer):
    """Which lines of a log."""

    after = serializers.IntegerField(
        default=0, min_value=0, max_value=2**31 - 1, help_text="The last line you have."
    )
    limit = serializers.IntegerField(default=1000, min_value=1, max_value=5000)


class BuildLogLineSerializer(serializers.ModelSerializer):
    """One line, secrets redacted, colours as ANSI escapes."""

    class Meta:
        model = BuildLogLine
        fields = ("seq", "at", "stream", "text")
        read_only_fields = fields


class BuildLogSerializer(serializers.Serializer):
    """Lines of a log. Ask again with `after=last` until `is_final` and no line comes."""

    lines = BuildLogLineSerializer(many=True, read_only=True)
    last = serializers.IntegerField(read_only=True)
    status = serializers.CharField(read_only=True)
    is_final = serializers.BooleanField(read_only=True)


class ArtifactSerializer(ScopedModelSerializer):
    """One file that a build made."""

    href = HrefField("api:artifact-detail")
    download = HrefField("api:artifact-download")
    organization = UidRelatedField(read_only=True)
    build = UidRelatedField(read_only=True)

    class Meta:
        model = Artifact
        fields = (
            "href",
            "uid",
            "organization",
            "build",
            "name",
            "is_firmware",
            "size",
            "md5",
            "sha256",
            "signature",
            "signing_key_id",
            "created_at",
            "download",
        )
        read_only_fields = fields
