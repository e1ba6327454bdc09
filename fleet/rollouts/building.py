"""A build for each device: started as its turn comes, offered when it is there."""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.actor import Actor
from builds.choices import FINAL, BuildStatus
from builds.services import build_start
from core.exceptions import Conflict, DomainError
from devices.models import Device, DeviceState
from fleet.rollouts.choices import TargetState
from fleet.rollouts.constants import MAX_BUILDING
from fleet.rollouts.models import Rollout, RolloutTarget
from fleet.rollouts.state import among, end_targets

T = TargetState
ACTOR = Actor.named_system("rollouts")
OTHER_COMMIT = "The source moved to another commit since the rollout began."


def builds_start(rollout: Rollout, chosen: QuerySet[RolloutTarget]) -> int:
    """Start builds for the next devices, some at a time; return for how many."""
    room = MAX_BUILDING - among(rollout, (T.BUILDING,)).count()
    started = 0
    for target in chosen.select_related("device__organization")[: max(0, room)]:
        started += _start(rollout, target, target.device)
    return started


def _start(rollout: Rollout, target: RolloutTarget, device: Device) -> bool:
    rows = RolloutTarget.objects.filter(pk=target.pk, state=T.PENDING)
    try:
        build = build_start(
            ACTOR, device=device, source=rollout.source, deliver=False, is_held=True
        )
    except Conflict as conflict:
        if conflict.code != "build.already_running":
            end_targets(rows, T.SKIPPED, conflict.message)
        return False
    except DomainError as error:
        end_targets(rows, T.SKIPPED, error.message)
        return False
    return rows.update(state=T.BUILDING, build=build) == 1


def builds_collect(rollout: Rollout, now: datetime) -> int:
    """Release the devices whose build is there; those whose build failed have failed."""
    building = among(rollout, (T.BUILDING,))
    if not rollout.is_per_device or not building.exists():
        return 0
    done = building.filter(build__status=BuildStatus.SUCCEEDED)
    if not rollout.commit:
        commit = done.order_by("pk").values_list("build__commit", flat=True).first() or ""
        Rollout.objects.filter(pk=rollout.pk, commit="").update(commit=commit)
        rollout.commit = commit
    moved = end_targets(done.exclude(build__commit=rollout.commit), T.FAILED, OTHER_COMMIT)
    moved += done.update(state=T.RELEASED, previous_build=_installed(), released_at=now)
    failed = building.filter(Q(build__status__in=FINAL) | Q(build=None))
    for target in failed.exclude(build__status=BuildStatus.SUCCEEDED).select_related("build"):
        said = target.build.error_message if target.build is not None else ""
        row = RolloutTarget.objects.filter(pk=target.pk, state=T.BUILDING)
        moved += end_targets(row, T.FAILED, f"No firmware: {said or 'its build was cancelled.'}")
    return moved


def _installed() -> Subquery:
    states = DeviceState.objects.filter(device=OuterRef("device"))
    return Subquery(states.values("installed_build")[:1])
