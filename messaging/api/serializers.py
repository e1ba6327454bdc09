"""How the API shows messages and questions."""

from __future__ import annotations

from rest_framework import serializers

from core.api.serializers import HrefField, ScopedModelSerializer, ScopedSerializer, UidRelatedField
from messaging.constants import LONGEST_PAYLOAD
from messaging.models import DeviceMessage, DeviceQuestion, Publication
from messaging.payloads import decoded


class QuestionSerializer(ScopedModelSerializer):
    """What a device asks. With `wants_bool` the answer is yes or no."""

    href = HrefField("api:devicequestion-detail")
    device = UidRelatedField(read_only=True)
    answered_by = UidRelatedField(read_only=True)

    class Meta:
        model = DeviceQuestion
        fields = (
            "href",
            "uid",
            "device",
            "title",
            "body",
            "wants_bool",
            "state",
            "asked_at",
            "answer",
            "answered_at",
            "answered_by",
            "done_at",
        )
        read_only_fields = fields


class AnswerSerializer(ScopedSerializer):
    """The answer: yes or no, or a text."""

    reply = serializers.CharField(max_length=400)


class MessageSerializer(ScopedModelSerializer):
    """One message. `raw` is the payload in hexadecimal, up to a limit; `text` is for people."""

    kind = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()
    raw = serializers.SerializerMethodField()

    class Meta:
        model = DeviceMessage
        fields = ("at", "direction", "suffix", "size", "kind", "text", "raw")
        read_only_fields = fields

    def get_kind(self, message: DeviceMessage) -> str:
        """Return json, text or binary."""
        return decoded(bytes(message.payload))[0]

    def get_text(self, message: DeviceMessage) -> str:
        """Return the payload as pages show it."""
        return decoded(bytes(message.payload))[1]

    def get_raw(self, message: DeviceMessage) -> str:
        """Return the payload as it came."""
        return bytes(message.payload).hex()


class PublishSerializer(ScopedSerializer):
    """A payload for a device. Without a topic it goes to the device's own."""

    payload = serializers.CharField(max_length=LONGEST_PAYLOAD, trim_whitespace=False)
    topic = serializers.CharField(max_length=255, required=False)
    as_is = serializers.BooleanField(
        required=False, help_text="Send it even if it looks like JSON and is none."
    )


class PublicationSerializer(ScopedModelSerializer):
    """A message that goes to a device."""

    class Meta:
        model = Publication
        fields = ("uid", "topic", "state", "queued_at", "sent_at")
        read_only_fields = fields
