"""What people do to builds: start, cancel, delete."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F

from accounts.services.limits import require_room
from audit.recorder import record
from builds import events
from builds.choices import CANCELLABLE, FINAL, UNFINISHED, BuildStatus
from builds.constants import RUN_TASK
from builds.models import Build, Source
from builds.services.state import move, tell
from core.counting import count_on_commit
from core.exceptions import Conflict, DomainError
from core.jobs import enqueue
from core.scoping import is_allowed
from devices.locking import device_locked


@transaction.atomic
def build_start(
    actor: Any,
    *,
    device: Any = None,
    source: Source | None = None,
    deliver: bool = True,
    is_held: bool = False,
) -> Build:
    """Queue a build of the source (the device's own by default) for one device, or for none.

    What is built for none holds no id, key or variable of a device; only a rollout delivers it.

    `deliver` offers the result to the device once it is there, or rolls one for none out by the
    default plan of its source; what `is_held` is offered by a rollout alone.
    Audits, enqueues, broadcasts.
    Raises Conflict: build.no_source, build.source_untested, build.already_running; QuotaExceeded:
    accounts.limit_reached.
    """
    if device is not None:
        # Two at once for one device: the second waits here and then finds the first.
        device_locked(device)
        source = source or device.source
        reason = build_can_start(device, source)
    else:
        reason = build_can_start_for_none(source)
    if reason:
        raise reason
    assert source is not None
    if not is_allowed(source, actor, "build"):
        raise PermissionDenied
    organization = source.organization
    require_room(organization, "builds")
    require_room(organization, "storage")
    Source.objects.filter(pk=source.pk).update(builds_started=F("builds_started") + 1)
    source.refresh_from_db(fields=["builds_started"])
    build = Build.objects.create(
        organization=organization,
        source=source,
        device=device,
        number=source.builds_started,
        branch=source.branch,
        deliver=deliver,
        is_held=is_held,
        created_by=actor.user,
    )
    record(
        actor,
        events.BuildStarted,
        build,
        organization=build.organization,
        device=device.alias if device is not None else "",
        source=source.alias,
    )
    enqueue(RUN_TASK, queue="builds", build_uid=f"{build.uid}")
    count_on_commit("builds_started", build.organization)
    tell(build)
    return build


def build_can_start(device: Any, source: Source | None = None) -> DomainError | None:
    """Return why no build of this device can start now, or None."""
    source = source or device.source
    if source is None:
        return Conflict(
            "build.no_source",
            f"{device} has no source. Attach a repository to it, then build.",
        )
    if source.organization_id != device.organization_id:
        return Conflict(
            "build.foreign_source", "The source belongs to another organization than the device."
        )
    if is_untested_ssh(source):
        return _untested(source)
    running = Build.objects.filter(device=device, status__in=UNFINISHED).first()
    if running is not None:
        return Conflict(
            "build.already_running",
            f"{running} is still {running.get_status_display().lower()} for {device}. "
            "Wait for it or cancel it.",
        )
    return None


def build_can_start_for_none(source: Source | None) -> DomainError | None:
    """Return why no build for no device in particular can start now, or None."""
    if source is None:
        return Conflict("build.no_source", "Say which source to build.")
    return _untested(source) if is_untested_ssh(source) else None


def _untested(source: Source) -> Conflict:
    return Conflict(
        "build.source_untested",
        f"The host key of {source} is not known yet. Test its access first, so that nobody "
        "can pose as the repository.",
    )


def is_untested_ssh(source: Source) -> bool:
    """Tell whether a host key is needed and none was pinned."""
    return not source.url.startswith(("https://", "http://")) and not source.known_hosts


@transaction.atomic
def build_cancel(actor: Any, *, build: Build) -> Build:
    """Stop a build that is not publishing yet; the worker ends its processes within a second.

    Audits. Raises Conflict build.not_cancellable with the reason.
    """
    if not move(build, BuildStatus.CANCELLED):
        build.refresh_from_db(fields=["status"])
        raise Conflict("build.not_cancellable", build_can_cancel(build))
    build.refresh_from_db()
    record(actor, events.BuildCancelled, build, organization=build.organization)
    return build


def build_can_cancel(build: Build) -> str:
    """Return why the build cannot be cancelled, or an empty string."""
    if build.status in CANCELLABLE:
        return ""
    if build.status == BuildStatus.PUBLISHING:
        return f"{build} is publishing its result and can no longer be cancelled."
    return f"{build} is over: {build.get_status_display().lower()}."


@transaction.atomic
def build_delete(actor: Any, *, build: Build) -> None:
    """Delete a finished build with its log and artifacts. Audits."""
    if build.status not in FINAL:
        raise Conflict("build.still_running", f"{build} is still running. Cancel it first.")
    record(
        actor, events.BuildDeleted, build, organization=build.organization, version=build.version
    )
    tell(build)
    build.delete()
