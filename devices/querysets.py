"""Annotations and named filters of devices, for lists, exports and the API alike."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, TypeVar

from django.db.models import (
    Case,
    Count,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from devices.models import Device, Mesh, MeshMember

Rows = TypeVar("Rows", bound=QuerySet[Any])

SUCCEEDED = "succeeded"


def with_newest_build(devices: Rows) -> Rows:
    """Add `newest_build_id` and `newest_build_version`: of the newest build that succeeded."""
    builds = Device._meta.get_field("builds").related_model
    built = builds._default_manager.filter(device=OuterRef("pk"), status=SUCCEEDED, is_held=False)
    newest = built.order_by("-pk")
    return devices.annotate(
        newest_build_id=Subquery(newest.values("pk")[:1]),
        newest_build_version=Subquery(newest.values("version")[:1]),
    )


def ever_built() -> Q:
    """Match devices that firmware was built for here; needs `with_newest_build`."""
    return Q(newest_build_id__isnull=False)


def update_waiting() -> Q:
    """Match devices that do not run their newest build yet; needs `with_newest_build`."""
    never = Q(state__installed_build=None, newest_build_id__isnull=False)
    older = never | Q(newest_build_id__gt=F("state__installed_build"))
    return older & ~Q(state__version=F("newest_build_version"))


def firmware_word() -> Case:
    """Return none, waiting or current, as the filter says it; needs `with_newest_build`."""
    return Case(
        When(~ever_built(), then=Value("none")),
        When(update_waiting(), then=Value("waiting")),
        default=Value("current"),
    )


def tagged(devices: Rows, tag: str) -> Rows:
    """Narrow to the devices that carry the tag; works on every database's JSON."""
    said = Q(tags_text__contains=json.dumps(tag))
    if not tag.isascii():
        said |= Q(tags_text__contains=json.dumps(tag, ensure_ascii=False))
    return devices.alias(tags_text=Cast("tags", TextField())).filter(said)


def signal_between(devices: Rows, lowest: int, below: int) -> Rows:
    """Narrow to the devices whose last RSSI is in the range, in dBm; what is no number is in none.

    The column holds what the device said. PostgreSQL refuses to cast words, hence the CASE.
    """
    said = When(
        state__rssi__regex=r"^-?[0-9]{1,3}(\.[0-9]+)?$", then=Cast("state__rssi", FloatField())
    )
    rows = devices.alias(signal_dbm=Case(said, default=None))
    return rows.filter(signal_dbm__gte=lowest, signal_dbm__lt=below)


def with_device_count(meshes: QuerySet[Mesh]) -> QuerySet[Mesh]:
    """Add `device_count`: how many devices are in each mesh."""
    rows = MeshMember.objects.filter(mesh=OuterRef("pk")).order_by().values("mesh")
    counted = rows.annotate(found=Count("pk")).values("found")
    found = Subquery(counted, output_field=IntegerField())
    return meshes.annotate(device_count=Coalesce(found, 0))


def seen_within(devices: Rows, span: timedelta) -> Rows:
    """Narrow to the devices that called within the span."""
    return devices.filter(state__last_seen_at__gte=timezone.now() - span)
