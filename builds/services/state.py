"""The only way a build's status changes: compare and set."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.utils import timezone

from builds.choices import ALLOWED_FROM, FINAL, BuildStatus
from builds.models import Build
from core.counting import count_on_commit
from core.jobs import changed_on_commit

COUNTED: dict[str, str] = {
    BuildStatus.SUCCEEDED: "builds_succeeded",
    BuildStatus.FAILED: "builds_failed",
    BuildStatus.ERRORED: "builds_failed",
}


def move(build: Build, to: str, **fields: Any) -> bool:
    """Set the status if the present one allows it; return whether this caller made the move.

    Tells who watches the build, its device and its organization.
    """
    now = timezone.now()
    if to in FINAL:
        fields.setdefault("finished_at", now)
    moved = Build.objects.filter(pk=build.pk, status__in=ALLOWED_FROM[to]).update(
        status=to, changed_at=now, revision=F("revision") + 1, **fields
    )
    if moved:
        tell(build)
        if metric := COUNTED.get(to):
            count_on_commit(metric, build.organization)
    return moved == 1


def tell(build: Build) -> None:
    """Tell who watches that the build changed."""
    groups = [f"build.{build.uid}", f"org.{build.organization.uid}"]
    if build.device is not None:
        groups.append(f"device.{build.device.uid}")
    changed_on_commit(build, *groups)
