"""What a check-in has to do with rollouts: what the device is to get, and how far it came.

The rows decide: nothing here remembers anything between two calls of a device.
"""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from builds.models import Build
from builds.offers import is_newer
from core.jobs import changed_on_commit
from devices.models import Device
from devices.versions import same_version
from fleet.rollouts.choices import IN_FLIGHT, OPEN, RolloutState, TargetState
from fleet.rollouts.models import RolloutTarget
from fleet.rollouts.plans import Plan
from fleet.rollouts.services import wake

T = TargetState
# What libraries say about an update that did not come to anything.
GAVE_UP = re.compile(r"(rolled back from|update[ _]failed|mqtt_update_failed)", re.IGNORECASE)
_NUMBER = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]+)?")
_BATTERY = re.compile(r"batt(?:ery)?\D{0,12}?([0-9]{1,3})(?:\.[0-9]+)?\s*%", re.IGNORECASE)


def open_target(device: Device) -> RolloutTarget | None:
    """Return what a rollout has under way for the device. One query over a unique index."""
    rows = RolloutTarget.objects.filter(device=device, state__in=OPEN).exclude(state=T.BUILDING)
    target = rows.select_related("rollout", "build").first()
    if target is not None:
        target.device = device
    return target


def deltas_allowed(device: Device) -> bool:
    """Tell whether a device may be given its firmware as a delta."""
    target = open_target(device)
    return target is None or target.rollout.rules.allow_delta


def may_go_back(device: Device) -> bool:
    """Tell whether a rollout wants the device to have an older version than it runs."""
    target = open_target(device)
    if target is None:
        return False
    return target.state == T.RETURNING or target.rollout.rules.allow_downgrade


def wanted_build(target: RolloutTarget) -> Build | None:
    """Return the build that the device is to run."""
    return target.previous_build if target.state == T.RETURNING else target.build


def offered_build(target: RolloutTarget | None, device: Device) -> Build | None:
    """Return the build that a rollout offers to the device now, if it does."""
    build = wanted_build(target) if target is not None else None
    if target is None or build is None or target.state not in OPEN or not _is_for(build, device):
        return None
    rollout, rules = target.rollout, target.rollout.rules
    if target.state == T.RETURNING:
        is_there = same_version(device.state.version, build.version)
        return build if rollout.state == RolloutState.ROLLING_BACK and not is_there else None
    if rollout.state != RolloutState.RUNNING or not rollout.is_open:
        return None
    if not _is_fit(device, rules):
        return None
    if rules.forced or rules.allow_downgrade or is_newer(device, build):
        return build
    return None


def target_reported(target: RolloutTarget, device: Device) -> None:
    """Move a target by what the device reports: installed, failed in its own words, or beyond."""
    build, state = wanted_build(target), device.state
    if build is None:
        return
    runs = same_version(state.version, build.version)
    if target.state == T.RETURNING:
        if runs:
            _end(target, T.ROLLED_BACK, "")
        return
    began = target.state in {T.DOWNLOADING, T.DOWNLOADED}
    rules = target.rollout.rules
    if runs and not is_newer(device, build) and (began or not rules.forced):
        _end(target, T.INSTALLED, "")
    elif target.state in IN_FLIGHT and GAVE_UP.match(state.status_raw):
        _try_again(target, rules, state.status_raw)
    elif began:
        _try_again(target, rules, f"It called again with version {state.version or 'unknown'}.")
    elif not (rules.forced or rules.allow_downgrade or is_newer(device, build)):
        _end(target, T.SKIPPED, f"It runs {state.version}, which is newer.")


def target_offered(target: RolloutTarget) -> None:
    """Note that the device was told."""
    now = timezone.now()
    if target.state == T.RETURNING:
        _same(target).filter(offered_at=None).update(offered_at=now)
    elif target.state == T.RELEASED:
        _move(target, T.OFFERED, offered_at=now)


def download_noted(device_id: int, build_id: int, *, sent: int, is_whole: bool) -> None:
    """Note how many bytes of the firmware a device was sent; one statement."""
    rows = RolloutTarget.objects.filter(device=device_id, state__in=OPEN)
    going_back = rows.filter(state=T.RETURNING, previous_build=build_id)
    going_on = rows.filter(state__in=[T.RELEASED, *IN_FLIGHT], build=build_id)
    values: dict[str, Any] = {"bytes": sent}
    if is_whole:
        values["downloaded_at"] = timezone.now()
    state = T.DOWNLOADED if is_whole else T.DOWNLOADING
    # With a token of an earlier attempt a device may begin before it is offered the firmware again.
    begun = {"offered_at": Coalesce("offered_at", Value(timezone.now()))}
    if going_on.update(state=state, **begun, **values) or going_back.update(**values):
        target = rows.select_related("rollout").first()
        if target is not None:
            changed_on_commit(target, f"rollout.{target.rollout.uid}")


def _is_for(build: Build, device: Device) -> bool:
    """Tell whether a build may go to the device: its own, or one that was made for none."""
    return build.device_id in (None, device.pk) and build.organization_id == device.organization_id


def _is_fit(device: Device, rules: Plan) -> bool:
    state = device.state
    if rules.min_signal is not None:
        signal = _NUMBER.match(state.rssi.strip())
        if signal is None or float(signal[0]) < rules.min_signal:
            return False
    if rules.min_battery is not None:
        battery = _BATTERY.search(state.status_raw)
        if battery is None or int(battery[1]) < rules.min_battery:
            return False
    return True


def _try_again(target: RolloutTarget, rules: Plan, words: str) -> None:
    if target.attempts >= rules.retries or target.rollout.state == RolloutState.ABORTED:
        _end(target, T.FAILED, words, attempts=target.attempts + 1)
        wake()
    else:
        again = {"attempts": target.attempts + 1, "offered_at": None, "bytes": 0}
        _move(target, T.RELEASED, message=words[:400], **again)


def _end(target: RolloutTarget, to: str, message: str, **values: Any) -> None:
    _move(target, to, message=message[:400], ended_at=timezone.now(), **values)


@transaction.atomic
def _move(target: RolloutTarget, to: str, **values: Any) -> None:
    """Compare and set. Who loses the race leaves the row to who won."""
    if _same(target).update(state=to, **values):
        for name, value in {"state": to, **values}.items():
            setattr(target, name, value)
        changed_on_commit(target, f"rollout.{target.rollout.uid}")


def _same(target: RolloutTarget) -> Any:
    return RolloutTarget.objects.filter(pk=target.pk, state=target.state, attempts=target.attempts)
