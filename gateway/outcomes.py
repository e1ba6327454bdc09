"""How far firmware came on a device: offered, downloaded, installed, given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.recorder import record
from builds.choices import BuildStatus
from builds.models import Artifact, Build, OneTimeToken
from builds.offers import is_newer
from builds.services.tokens import token_use
from core.counting import count_on_commit
from core.jobs import changed_on_commit
from devices import events
from devices.models import Device, DeviceState
from devices.services import CheckIn
from devices.versions import same_version
from fleet.models import RolloutTarget
from fleet.rollouts.checkins import target_offered, target_reported, wanted_build

ROLLED_BACK = "rolled back from "


@dataclass(frozen=True)
class Offer:
    """Firmware that a device is to have, by a rollout or by itself."""

    device: Device
    build: Build
    artifact: Artifact
    target: RolloutTarget | None = None


def note_offered(actor: Any, offer: Offer) -> None:
    """Record what the device was told to fetch; only the first time is audited and told."""
    device, build = offer.device, offer.build
    if offer.target is not None:
        target_offered(offer.target)
    if device.state.offered_build_id == build.pk:
        return
    with transaction.atomic():
        made = (
            DeviceState.objects.filter(device=device)
            .exclude(offered_build=build)
            .update(offered_build=build, offered_at=timezone.now(), offer_state="offered")
        )
        if made:
            record(
                actor,
                events.FirmwareOffered,
                device,
                organization=device.organization,
                **_facts(build),
            )
            _tell(device, build)


def download_begun(actor: Any, token: OneTimeToken) -> None:
    """Note that firmware is fetched with a token; the first time is audited and told."""
    if token_use(token):
        note_downloaded(actor, Offer(token.device, token.artifact.build, token.artifact))


@transaction.atomic
def note_downloaded(actor: Any, offer: Offer) -> None:
    """Record that the device fetched the build. Audits, broadcasts."""
    device, build = offer.device, offer.build
    DeviceState.objects.filter(device=device, offered_build=build).exclude(
        offer_state="installed"
    ).update(offer_state="downloaded")
    record(
        actor,
        events.FirmwareDownloaded,
        device,
        organization=device.organization,
        **_facts(build),
    )
    count_on_commit("downloads", device.organization)
    _tell(device, build)


def note_outcome(
    actor: Any, done: CheckIn, newest: Build | None, target: RolloutTarget | None = None
) -> None:
    """Close the loop: see from a report whether an offered build now runs, or was given up."""
    if target is None:
        _note_outcome(actor, done, newest)
        return
    with transaction.atomic():
        _note_outcome(actor, done, wanted_build(target) or newest)
        target_reported(target, done.device)


def _note_outcome(actor: Any, done: CheckIn, newest: Build | None) -> None:
    device, state = done.device, done.device.state
    if newest is not None and _runs(device, newest):
        if state.installed_build_id != newest.pk:
            _note_installed(actor, device, newest)
    elif newest is not None and _gave_up(state, newest):
        _note_failed(actor, device, newest)
    elif done.version_changed and (newest is not None or state.installed_build_id is not None):
        _note_other_version(actor, device)


def _runs(device: Device, build: Build) -> bool:
    return same_version(device.state.version, build.version) and not is_newer(device, build)


def _gave_up(state: DeviceState, build: Build) -> bool:
    return (
        state.offered_build_id == build.pk
        and state.offer_state in {"offered", "downloaded"}
        and state.status_raw.startswith(f"{ROLLED_BACK}{build.version}:")
    )


@transaction.atomic
def _note_installed(actor: Any, device: Device, build: Build) -> None:
    now, state = timezone.now(), device.state
    outcome = {"installed_build": build, "installed_at": now}
    if state.offered_build_id == build.pk:
        outcome["offer_state"] = "installed"
    rows = DeviceState.objects.filter(device=device).exclude(installed_build=build)
    if rows.update(**outcome):
        record(
            actor,
            events.FirmwareInstalled,
            device,
            organization=device.organization,
            **_facts(build),
        )
        _tell(device, build)
    for name, value in outcome.items():
        setattr(state, name, value)


@transaction.atomic
def _note_failed(actor: Any, device: Device, build: Build) -> None:
    rows = DeviceState.objects.filter(device=device, offered_build=build)
    if rows.exclude(offer_state="failed").update(offer_state="failed"):
        record(
            actor,
            events.FirmwareRolledBack,
            device,
            organization=device.organization,
            status=device.state.status_raw,
            **_facts(build),
        )
        _tell(device, build)
    device.state.offer_state = "failed"


def _note_other_version(actor: Any, device: Device) -> None:
    """Find the build behind a version that is not the newest, if it is one of ours."""
    version = device.state.version.rpartition(":")[2]
    ours = Q(device=device) | Q(pk__in=device.rollout_targets.values("build"))
    rows = Build.objects.filter(ours, status=BuildStatus.SUCCEEDED, version=version)
    build = rows.order_by("-pk").first()
    if build is not None and build.pk != device.state.installed_build_id:
        _note_installed(actor, device, build)
    elif build is None and device.state.installed_build_id is not None:
        DeviceState.objects.filter(device=device).update(installed_build=None, installed_at=None)


def _facts(build: Build) -> dict[str, str]:
    return {"version": build.version, "build": f"{build}", "commit": build.commit}


def _tell(device: Device, build: Build) -> None:
    changed_on_commit(device, f"device.{device.uid}", f"org.{device.organization.uid}")
    changed_on_commit(build, f"build.{build.uid}")
