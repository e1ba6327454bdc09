"""How the API shows the history."""

from __future__ import annotations

from rest_framework import serializers

from telemetry.metrics import METRICS
from telemetry.ranges import RANGES
from telemetry.selectors import MOST_ROWS


class RangeSerializer(serializers.Serializer):
    """What may be asked of a series."""

    range = serializers.ChoiceField(choices=list(RANGES), default="24h")


class FiguresQuerySerializer(RangeSerializer):
    """What may be asked of the figures."""

    organization = serializers.UUIDField(
        required=False, help_text="Only of this organization and those below it."
    )


class PageSerializer(serializers.Serializer):
    """Where a page begins and how long it is."""

    before = serializers.IntegerField(
        required=False, min_value=0, max_value=2**62, help_text="`before` of the last page."
    )
    limit = serializers.IntegerField(default=50, min_value=1, max_value=MOST_ROWS)


class PointSerializer(serializers.Serializer):
    """One step of a series. Signals are means in dBm and dB; null where the device said none."""

    at = serializers.DateTimeField()
    checkins = serializers.IntegerField()
    rssi = serializers.FloatField(allow_null=True)
    rssi_lowest = serializers.FloatField(allow_null=True)
    snr = serializers.FloatField(allow_null=True)


class SeriesSerializer(serializers.Serializer):
    """A device's series: a point for each step of the range, gaps included."""

    range = serializers.CharField()
    step_seconds = serializers.IntegerField()
    points = PointSerializer(many=True)


class CheckInSerializer(serializers.Serializer):
    """One check-in."""

    at = serializers.DateTimeField()
    rssi = serializers.FloatField(allow_null=True)
    snr = serializers.FloatField(allow_null=True)


class StatusSerializer(serializers.Serializer):
    """A status that differs from the one before."""

    at = serializers.DateTimeField()
    level = serializers.CharField()
    status = serializers.CharField()


class CheckInPageSerializer(serializers.Serializer):
    """Check-ins, newest first; `before` asks for those before them and is null at the end."""

    results = CheckInSerializer(many=True, source="rows")
    before = serializers.IntegerField(allow_null=True)


class StatusPageSerializer(serializers.Serializer):
    """Changes of status, newest first; `before` asks for those before them."""

    results = StatusSerializer(many=True, source="rows")
    before = serializers.IntegerField(allow_null=True)


class FiguresSerializer(serializers.Serializer):
    """Counters over a range, by hour (24h) or UTC day; only those that you may see.

    The eight names of the original's statistics are APIKEY_INVALID = keys_refused, LOGIN_INVALID =
    sign_ins_refused, DEVICE_NEW = devices_new, DEVICE_CHECKIN = checkins, DEVICE_REVOCATION =
    devices_deleted, BUILD_STARTED, BUILD_SUCCESS and BUILD_FAILED = builds_started, _succeeded and
    _failed.
    """

    range = serializers.CharField(source="span.slug")
    times = serializers.ListField(child=serializers.DateTimeField())
    totals = serializers.DictField(
        child=serializers.IntegerField(), help_text=f"Of: {', '.join(METRICS)}."
    )
    series = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="For each of them one number for each of the times.",
    )
