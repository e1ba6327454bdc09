"""How the API shows released devices."""

from __future__ import annotations

from core.api.serializers import HrefField, ScopedModelSerializer, UidRelatedField
from devices.releases.models import ReleasedDevice


class ReleasedDeviceSerializer(ScopedModelSerializer):
    """What is kept of a device that was let go of."""

    href = HrefField("api:releaseddevice-detail")
    organization = UidRelatedField(read_only=True)

    class Meta:
        model = ReleasedDevice
        fields = (
            "href",
            "uid",
            "organization",
            "udid",
            "alias",
            "mac",
            "platform",
            "released_at",
            "called_at",
        )
        read_only_fields = fields
