"""Letting devices of a wave have the firmware, and leaving out those that must not.

What has to be compared by the rules of the device protocol is compared once for each version that
occurs, not once for each device.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from builds.models import Build
from builds.offers import WITHOUT_UPDATES
from devices.models import DeviceState
from devices.versions import DEVELOPER_ENV_HASH, same_version, update_available
from fleet.rollouts.building import builds_start
from fleet.rollouts.choices import OPEN, RolloutState, TargetState
from fleet.rollouts.models import Rollout, RolloutTarget
from fleet.rollouts.plans import Plan
from fleet.rollouts.state import end_targets

T = TargetState
# An environment that no build has: whether it would make a difference.
ANY_OTHER = "\0"


def release(rollout: Rollout, rules: Plan, now: datetime) -> int:
    """Release as many devices of the waves that are out as the pace allows; return how many."""
    waiting = RolloutTarget.objects.filter(rollout=rollout, state=T.PENDING, wave__lte=rollout.wave)
    room = _room(rollout, rules, now)
    if room == 0 or not waiting.exists():
        return 0
    leave_out_unfit(rollout, rules, waiting)
    chosen = waiting.order_by("position", "pk")
    if room is not None:
        chosen = chosen[:room]
    if rollout.is_per_device:
        released = builds_start(rollout, chosen)
    else:
        released = RolloutTarget.objects.filter(pk__in=chosen.values("pk")).update(
            state=T.RELEASED,
            build=rollout.build,
            previous_build=installed_build(),
            released_at=now,
        )
    if released and rules.pace:
        taken = timedelta(seconds=released * 60 / rules.pace)
        since = (rollout.paced_at or now) + taken
        Rollout.objects.filter(pk=rollout.pk).update(paced_at=since)
        rollout.paced_at = since
    return released


def installed_build() -> Subquery:
    """Return, for an update of targets, the build that each device runs now."""
    states = DeviceState.objects.filter(device=OuterRef("device"))
    return Subquery(states.values("installed_build")[:1])


def leave_out_unfit(rollout: Rollout, rules: Plan, waiting: QuerySet[RolloutTarget]) -> int:
    """Leave out, with the reason, those that the firmware or the plan is not for."""
    others = RolloutTarget.objects.filter(device=OuterRef("device"), state__in=OPEN)
    others = others.exclude(rollout=rollout)
    taken = waiting.filter(Exists(others))
    out = end_targets(taken, T.SKIPPED, "Another rollout is under way on this device.")
    return out + _by_platform(rollout, rules, waiting) + _by_version(rollout, rules, waiting)


def _by_platform(rollout: Rollout, rules: Plan, waiting: QuerySet[RolloutTarget]) -> int:
    out = 0
    for platform in set(waiting.order_by().values_list("device__platform", flat=True).distinct()):
        if message := unfit_platform(rollout, rules, platform):
            out += end_targets(waiting.filter(device__platform=platform), T.SKIPPED, message)
    return out


def unfit_platform(rollout: Rollout, rules: Plan, platform: str) -> str:
    """Return why devices of a platform are left out, or an empty string."""
    made_for = _family(rollout.build.platform) if rollout.build is not None else ""
    if _family(platform) in WITHOUT_UPDATES:
        return f"Devices of the platform {platform} fetch nothing over the air."
    if made_for and _family(platform) not in {made_for, "unknown"}:
        return f"The firmware is for {made_for}, the device is {platform}."
    if rules.platforms and not {platform, _family(platform)} & {*rules.platforms}:
        return f"The plan is not for the platform {platform}."
    return ""


def _by_version(rollout: Rollout, rules: Plan, waiting: QuerySet[RolloutTarget]) -> int:
    build: Any = rollout.build
    out = 0
    versions = waiting.order_by().values_list("device__state__version", flat=True)
    for version in {version or "" for version in versions.distinct()}:
        message = unfit_version(rollout, rules, version)
        if not message:
            continue
        rows = waiting.filter(device__state__version=version)
        may_differ = build is not None and not (rules.versions and version not in rules.versions)
        if may_differ and update_available(version, ANY_OTHER, build.version, build.env_hash):
            rows = rows.exclude(_has_other_environment(build))
        out += end_targets(rows, T.SKIPPED, message)
    return out


def unfit_version(rollout: Rollout, rules: Plan, version: str) -> str:
    """Return why devices that report a version are left out, or an empty string."""
    if rules.versions and version not in rules.versions:
        return f"The plan is not for version {version or 'unknown'}."
    if rollout.build is None or rules.forced:
        return ""
    return why_not(rollout.build, version, may_go_back=rules.allow_downgrade)


def why_not(build: Build, version: str, *, may_go_back: bool) -> str:
    """Return why a device that reports this does not need the build, or an empty string."""
    if update_available(version, None, build.version, build.env_hash):
        return ""
    if same_version(version, build.version):
        return f"It runs {version} already."
    return "" if may_go_back else f"It runs {version}, which is newer; downgrades are not allowed."


def _has_other_environment(build: Build) -> Q:
    """Match what `devices.versions` calls a changed environment."""
    path = "device__state__env_hash"
    unknown = Q(**{path: ""}) | Q(**{f"{path}__startswith": DEVELOPER_ENV_HASH})
    return ~unknown & ~Q(**{f"{path}__contains": build.env_hash})


def _room(rollout: Rollout, rules: Plan, now: datetime) -> int | None:
    """Return how many more may be released now; None for all."""
    if rollout.state != RolloutState.RUNNING:
        return 0
    if not rules.pace:
        return None
    passed = (now - (rollout.paced_at or now)).total_seconds()
    return max(0, int(passed * rules.pace / 60) + 1) if passed >= 0 else 0


def _family(platform: str) -> str:
    return platform.partition(":")[0].strip().lower()
