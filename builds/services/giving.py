"""Builds and sources of a device that goes to another organization (see devices.giving)."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum

from accounts.services.limits import require_room
from accounts.services.sharing import shares_end
from accounts.tree import paths_to
from audit.recorder import record
from builds import events
from builds.choices import UNFINISHED
from builds.models import Artifact, Build, Source
from builds.services.sources import source_delete
from core.exceptions import Conflict
from core.jobs import changed_on_commit
from keys.giving import deploy_key_copy


def device_builds_give(
    actor: Any,
    *,
    device: Any,
    organization: Any,
    copies: dict[str, int],
    with_credentials: bool,
) -> Source | None:
    """Hand over the builds of a device; return the copy of its source for the new organization.

    Builds belong to a source, so each source that one of them came from gets a copy there, once:
    `copies` maps the keys of sources to those of their copies, and is added to. Raises Conflict
    (build.still_running) and QuotaExceeded (accounts.limit_reached).
    """
    builds = Build.objects.filter(device=device)
    if builds.filter(status__in=UNFINISHED).exists():
        raise Conflict("build.still_running", "A build for this device is still running.")
    files = Artifact.objects.filter(build__in=builds)
    size = files.aggregate(size=Sum("size"))["size"] or 0
    if size:
        spared = paths_to(device.organization.path)
        require_room(organization, "storage", size, except_at=spared)
    used = {*builds.order_by().values_list("source", flat=True).distinct()}
    if device.source_id:
        used.add(device.source_id)
    shares_end(Build, builds.values("pk"))
    shares_end(Artifact, files.values("pk"))
    files.update(organization=organization)
    for source in Source.objects.filter(pk__in=used).select_related("deploy_key"):
        copy = _copy_of(actor, source, device, organization, copies, with_credentials)
        mine = builds.filter(source=source)
        mine.update(source=copy, organization=organization, created_by=None)
    return Source.objects.filter(pk=copies.get(f"{device.source_id}", 0)).first()


def source_leave(actor: Any, *, source: Source) -> bool:
    """Delete a source that was handed over, unless others still use it; tell whether. Audits."""
    if source.devices.exists() or source.builds.exists():
        return False
    source_delete(actor, source=source)
    return True


def _copy_of(
    actor: Any,
    source: Source,
    device: Any,
    organization: Any,
    copies: dict[str, int],
    with_credentials: bool,  # noqa: FBT001
) -> Source:
    numbers = Build.objects.filter(device=device, source=source).values("number")
    made = Source.objects.filter(pk=copies.get(f"{source.pk}", 0), organization=organization)
    copy = made.first()
    # Both sides number their builds on: what cannot be told apart goes into a copy of its own.
    if copy is None or Build.objects.filter(source=copy, number__in=numbers).exists():
        copy = _copy(actor, source, organization, with_credentials)
        copies[f"{source.pk}"] = copy.pk
    return copy


def _copy(actor: Any, source: Source, organization: Any, with_credentials: bool) -> Source:  # noqa: FBT001
    copy = Source(
        organization=organization,
        alias=source.alias,
        url=source.url,
        branch=source.branch,
        platform=source.platform,
        known_hosts=source.known_hosts,
        host_fingerprint=source.host_fingerprint,
        last_commit=source.last_commit,
        builds_started=source.builds_started,
    )
    if with_credentials:
        token: Any = source.access_token
        copy.access_token = token.reveal() if token else ""
        if source.deploy_key is not None:
            key = deploy_key_copy(actor, key=source.deploy_key, organization=organization)
            copy.deploy_key = key
    copy.save(force_insert=True)
    record(actor, events.SourceCreated, copy, organization=organization, url=copy.url)
    changed_on_commit(copy, f"org.{organization.uid}")
    return copy
