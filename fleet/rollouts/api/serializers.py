"""How the API shows and takes rollouts."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.ownership import OwnedSerializer
from builds.models import Build, Source
from core.api.serializers import HrefField, ScopedModelSerializer, ScopedSerializer, UidRelatedField
from devices.models import Mesh
from fleet.rollouts.choices import TargetState
from fleet.rollouts.constants import MAX_NAMED
from fleet.rollouts.models import Rollout, RolloutPlan, RolloutTarget
from fleet.rollouts.selectors import counts_by_wave, total_counts


class PlanSerializer(ScopedSerializer):
    """The plan; what is left out keeps its usual value. Zero is no limit."""

    canary = serializers.IntegerField(required=False, help_text="Devices of the first wave.")
    waves = serializers.ListField(
        child=serializers.CharField(max_length=8),
        required=False,
        help_text='Sizes such as "10%" or "500"; what they leave is the last wave.',
    )
    pace = serializers.IntegerField(required=False, help_text="Devices released per minute.")
    days = serializers.ListField(
        child=serializers.IntegerField(), required=False, help_text="0 is Monday."
    )
    opens = serializers.CharField(required=False, allow_blank=True, help_text="As 22:00.")
    closes = serializers.CharField(required=False, allow_blank=True)
    time_zone = serializers.CharField(required=False)
    versions = serializers.ListField(child=serializers.CharField(max_length=80), required=False)
    platforms = serializers.ListField(child=serializers.CharField(max_length=40), required=False)
    min_battery = serializers.IntegerField(required=False, allow_null=True)
    min_signal = serializers.IntegerField(required=False, allow_null=True, help_text="dBm")
    needs_approval = serializers.BooleanField(required=False)
    max_failed_percent = serializers.IntegerField(
        required=False, help_text="Of one wave; one more halts the rollout."
    )
    max_failed = serializers.IntegerField(required=False, help_text="Of all; so many halt it.")
    silence_minutes = serializers.IntegerField(
        required=False, help_text="From the offer to reporting the new version."
    )
    call_hours = serializers.IntegerField(
        required=False, help_text="A released device that does not call so long is left out."
    )
    soak_minutes = serializers.IntegerField(required=False, help_text="Between two waves.")
    auto_rollback = serializers.BooleanField(required=False)
    retries = serializers.IntegerField(required=False)
    forced = serializers.BooleanField(required=False)
    allow_downgrade = serializers.BooleanField(required=False)
    allow_delta = serializers.BooleanField(required=False)


class RolloutSerializer(OwnedSerializer):
    """Firmware for many devices: of a build made for none in particular, or of a source."""

    href = HrefField("api:rollout-detail")
    source: Any = UidRelatedField(queryset=Source.objects.all(), required=False, allow_null=True)
    build = UidRelatedField(queryset=Build.objects.all(), required=False, allow_null=True)
    plan = PlanSerializer(required=False)
    counts = serializers.SerializerMethodField(help_text="Devices in each state.")
    created_by = serializers.StringRelatedField()
    mesh = UidRelatedField(
        queryset=Mesh.objects.all(), required=False, write_only=True, help_text="Its devices."
    )
    devices = serializers.ListField(
        child=serializers.UUIDField(), required=False, write_only=True, max_length=MAX_NAMED
    )
    filter = serializers.CharField(
        required=False,
        write_only=True,
        max_length=2000,
        help_text="The query string of a list of devices, such as tag=roof&platform=python.",
    )

    class Meta:
        model = Rollout
        fields = (
            "href", "uid", "organization", "name", "source", "build", "is_per_device",
            "is_automatic",
            "state", "reason", "plan", "total", "waves", "wave", "counts",
            "starts_at", "created_by", "created_at", "started_at", "ended_at", "mesh", "devices",
            "filter",
        )  # fmt: skip
        read_only_fields = (
            "uid", "is_per_device", "is_automatic", "state", "reason", "total", "waves", "wave",
            "starts_at", "created_at", "started_at", "ended_at",
        )  # fmt: skip
        fixed = ("organization", "source", "build")

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_counts(self, rollout: Rollout) -> dict[str, int]:
        """Return how many devices are in each state; in lists none are counted."""
        if isinstance(getattr(self, "parent", None), serializers.ListSerializer):
            return {}
        return total_counts(counts_by_wave(rollout))

    def to_representation(self, instance: Any) -> Any:
        """Show the whole plan, its usual values included."""
        return {**super().to_representation(instance), "plan": instance.rules.stored()}


class RolloutPlanSerializer(OwnedSerializer):
    """The default plan of a source: while it is on, each new build for many rolls out by it."""

    href = HrefField("api:rolloutplan-detail")
    source: Any = UidRelatedField(queryset=Source.objects.all())
    is_on = serializers.BooleanField(
        required=False, help_text="Builds that start while it is off never roll out by it."
    )
    plan = PlanSerializer(required=False)

    class Meta:
        model = RolloutPlan
        fields = ("href", "uid", "organization", "source", "is_on", "plan", "created_at")
        read_only_fields = ("uid", "created_at")
        fixed = ("organization", "source")

    def to_representation(self, instance: Any) -> Any:
        """Show the whole plan, its usual values included."""
        return {**super().to_representation(instance), "plan": instance.rules.stored()}


class RolloutStartSerializer(ScopedSerializer):
    """When it starts."""

    starts_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class RolloutReasonSerializer(ScopedSerializer):
    """Why."""

    reason = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")


class RolloutTargetSerializer(ScopedModelSerializer):
    """One device, and how far it came."""

    device = UidRelatedField(read_only=True)
    build = UidRelatedField(read_only=True)
    previous_build = UidRelatedField(read_only=True)

    class Meta:
        model = RolloutTarget
        fields = (
            "uid", "device", "wave", "state", "build", "previous_build", "attempts", "bytes",
            "message", "released_at", "offered_at", "downloaded_at", "ended_at",
        )  # fmt: skip
        read_only_fields = fields


class RolloutTargetQuerySerializer(ScopedSerializer):
    """Which devices, and which page of them."""

    state = serializers.ChoiceField(choices=TargetState.choices, required=False)
    wave = serializers.IntegerField(required=False)
    page = serializers.IntegerField(required=False)
    page_size = serializers.IntegerField(required=False)
