"""How the API shows and takes transfers."""

from __future__ import annotations

from rest_framework import serializers

from core.api.serializers import HrefField, ScopedModelSerializer, ScopedSerializer, UidRelatedField
from fleet.transfers.choices import EnvironmentMode, KeyMode, SourceMode, TransferState
from fleet.transfers.constants import MAX_DEVICES
from fleet.transfers.models import TransferItem, TransferParty


class TransferSerializer(ScopedModelSerializer):
    """One organization's side of a transfer."""

    href = HrefField("api:transferparty-detail")
    organization = UidRelatedField(read_only=True)
    transfer = serializers.UUIDField(
        source="transfer.uid", read_only=True, help_text="The same on both sides."
    )
    sender = serializers.CharField(source="transfer.sender_name", read_only=True)
    sender_owner = serializers.CharField(source="transfer.sender_owner_id", read_only=True)
    to = serializers.CharField(source="transfer.addressed_to", read_only=True)
    message = serializers.CharField(source="transfer.message", read_only=True)
    state = serializers.ChoiceField(
        source="transfer.state", choices=TransferState.choices, read_only=True
    )
    options = serializers.DictField(source="transfer.options", read_only=True)
    requested_at = serializers.DateTimeField(source="transfer.requested_at", read_only=True)
    expires_at = serializers.DateTimeField(source="transfer.expires_at", read_only=True)
    answered_at = serializers.DateTimeField(source="transfer.answered_at", read_only=True)
    ended_at = serializers.DateTimeField(source="transfer.ended_at", read_only=True)

    class Meta:
        model = TransferParty
        fields = (
            "href",
            "uid",
            "organization",
            "direction",
            "transfer",
            "sender",
            "sender_owner",
            "to",
            "message",
            "state",
            "options",
            "requested_at",
            "expires_at",
            "answered_at",
            "ended_at",
        )
        read_only_fields = fields


class TransferItemSerializer(serializers.ModelSerializer):
    """One device of a transfer."""

    class Meta:
        model = TransferItem
        fields = ("uid", "udid", "alias", "mac", "state", "code", "reason", "moved_at")
        read_only_fields = fields


class TransferRequestSerializer(ScopedSerializer):
    """Which devices go to whom, and what goes along."""

    devices = serializers.ListField(
        child=serializers.UUIDField(), allow_empty=False, max_length=MAX_DEVICES
    )
    to = serializers.CharField(max_length=254, help_text="An e-mail address or an owner id.")
    source_mode = serializers.ChoiceField(choices=SourceMode.choices, default=SourceMode.COPY)
    with_credentials = serializers.BooleanField(
        default=False, help_text="Deploy keys and access tokens of the sources go along."
    )
    key_mode = serializers.ChoiceField(choices=KeyMode.choices, default=KeyMode.MOVE)
    environment_mode = serializers.ChoiceField(
        choices=EnvironmentMode.choices, default=EnvironmentMode.WIPE
    )
    message = serializers.CharField(max_length=500, allow_blank=True, default="")


class TransferAnswerSerializer(ScopedSerializer):
    """Which devices an answer is for."""

    items = serializers.ListField(
        child=serializers.UUIDField(),
        default=list,
        max_length=MAX_DEVICES,
        help_text="The `uid` of items; empty means all that are pending.",
    )


class TransferProofSerializer(serializers.Serializer):
    """What both sides can show."""

    document = serializers.DictField(help_text="Signed as canonical JSON: sorted, without blanks.")
    digest = serializers.CharField(
        required=False, help_text="SHA-256 of the canonical document; stands in both audit logs."
    )
    signature = serializers.CharField(help_text="Ed25519, base64.")
    signing_key = serializers.CharField()
    public_key = serializers.CharField(required=False)


class TransferVerdictSerializer(serializers.Serializer):
    """What a check of a proof came to."""

    valid = serializers.BooleanField()
    signed = serializers.BooleanField(help_text="By a key of this installation.")
    recorded = serializers.IntegerField(help_text="Audit events with this digest that you may see.")
    digest = serializers.CharField()
