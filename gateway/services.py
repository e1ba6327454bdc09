"""What a call of a device comes to: checked in, offered firmware, installed."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.recorder import record
from audit.refusals import first_lately
from builds.choices import BuildStatus
from builds.models import Artifact, Build, OneTimeToken
from builds.offers import firmware_of, is_newer, is_offered, newest_build
from builds.services.tokens import token_issue, token_use
from core.exceptions import QuotaExceeded
from core.jobs import changed_on_commit
from devices import events
from devices.handover import DeviceMoved, may_be_told
from devices.models import Device, DeviceState, FormerOwner
from devices.selectors import find_device
from devices.services import CheckIn, device_report
from devices.versions import same_version
from gateway.callers import Caller
from gateway.following import CheckedIn, follow
from gateway.protocol import answers
from gateway.protocol.errors import (
    DEVICE_LIMIT,
    NO_SUCH_DEVICE,
    PUSH_DEVICE_NOT_FOUND,
    STATUS_OK,
    UPDATE_NOT_FOUND,
    WRONG_KEY,
    ProtocolError,
)
from gateway.protocol.files import ASK_BY_URL, base_platform
from gateway.protocol.requests import FirmwareRequest, PushRequest, Registration

ROLLED_BACK = "rolled back from "
FIRMWARE_PATH = "/device/firmware"


@dataclass(frozen=True)
class Offer:
    """Firmware that a device is to have."""

    device: Device
    build: Build
    artifact: Artifact


def check_in(caller: Caller, registration: Registration) -> bytes:
    """Register or check in the device that calls; return its answer.

    Audits new devices, offers and installations; broadcasts what changed.
    """
    report = registration.report
    report = replace(report, udid=caller.udid(report.udid))
    try:
        done = device_report(
            caller.actor,
            organization=caller.organization,
            report=report,
            address=caller.address,
            key_prefix=caller.key.prefix,
        )
    except QuotaExceeded:
        raise ProtocolError(DEVICE_LIMIT, 200) from None
    except DeviceMoved as moved:
        return _tell_new_owner(caller, registration, moved.former)
    device = done.device
    newest = newest_build(device) if not done.is_new else None
    _follow(caller, done, newest)
    _let_follow(done, said_status=report.status is not None)
    if registration.ack and device.mac.startswith("SIGFOX"):
        return answers.sigfox_downlink(device.mac, report.status or "")
    offer = _offer(device, newest) if is_offered(device, newest) else None
    if offer is not None:
        return _update_answer(caller, offer)
    return _plain_answer(caller, done)


def firmware_token(caller: Caller, request: FirmwareRequest) -> bytes:
    """Answer a device that asks for a token to fetch its newest firmware with."""
    offer = _newest_offer(_known_device(caller, request))
    if offer is None:
        return answers.nothing_to_install(UPDATE_NOT_FOUND)
    _note_offer(caller.actor, offer)
    return answers.token(token_issue(device=offer.device, artifact=offer.artifact))


def firmware_for(caller: Caller, request: FirmwareRequest) -> Offer | bytes:
    """Return the firmware a device is to get now, or the answer that says why there is none."""
    device = _known_device(caller, request)
    # What it runs now, by its own word; only a check-in stores it.
    device.state.env_hash = request.env_hash or device.state.env_hash
    device.state.version = request.version or device.state.version
    offer = _newest_offer(device)
    if offer is None:
        return answers.nothing_to_install(UPDATE_NOT_FOUND)
    wanted = device.auto_update or offer.build.deliver
    if not wanted or not (request.forced or is_newer(device, offer.build)):
        return answers.nothing_to_install(STATUS_OK)
    _note_offer(caller.actor, offer)
    return offer


def take_push_token(caller: Caller, request: PushRequest) -> None:
    """Keep where a device gets its push messages. Raises `ProtocolError`."""
    device = find_device(caller.organization, udid=caller.udid(request.udid))
    if device is None:
        raise ProtocolError(PUSH_DEVICE_NOT_FOUND, 200)
    _keep_push_address(caller.actor, device, request.token)


@transaction.atomic
def _keep_push_address(actor: Any, device: Device, address: str) -> None:
    rows = DeviceState.objects.filter(device=device).exclude(push_token=address)
    if rows.update(push_token=address):
        organization = device.organization
        record(actor, events.PushAddressChanged, device, organization=organization)


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
    _tell(device, build)


def _tell_new_owner(caller: Caller, registration: Registration, former: FormerOwner) -> bytes:
    """Answer a device that calls under the owner it had; anybody else is refused. Audits."""
    report, device = registration.report, former.device
    if not may_be_told(former, key_prefix=caller.key.prefix, mac=report.mac):
        raise ProtocolError(WRONG_KEY, 200)
    organization = device.organization
    if first_lately("moved", f"{device.uid}", caller.address):
        record(caller.actor, events.OwnerTold, device, organization=organization)
    return answers.checked_in(
        owner=organization.owner_id,
        alias=former.alias,
        udid=device.udid,
        auto_update=False,
        timestamp=int(time.time()),
    )


def _known_device(caller: Caller, request: FirmwareRequest) -> Device:
    udid = caller.udid(request.udid)
    device = find_device(caller.organization, udid=udid, mac=request.mac)
    if device is None or not hasattr(device, "state"):
        raise ProtocolError(NO_SUCH_DEVICE, 200)
    return device


def _newest_offer(device: Device) -> Offer | None:
    build = newest_build(device)
    return _offer(device, build) if build is not None else None


def _offer(device: Device, build: Build | None) -> Offer | None:
    artifact = firmware_of(build) if build is not None else None
    return Offer(device, artifact.build, artifact) if artifact is not None else None


def _update_answer(caller: Caller, offer: Offer) -> bytes:
    device, build, artifact = offer.device, offer.build, offer.artifact
    _note_offer(caller.actor, offer)
    ott = token_issue(device=device, artifact=artifact)
    hints = {"md5": artifact.md5, "hash": artifact.sha256, "commit": build.commit}
    if base_platform(device.platform) in ASK_BY_URL:
        hints = {"url": f"{settings.PUBLIC_URL}{FIRMWARE_PATH}?ott={ott}", **hints}
    return answers.firmware_update(
        alias=device.alias,
        udid=device.udid,
        ott=ott,
        mac=device.mac,
        version=build.firmware or build.version,
        timestamp=int(time.time()),
        hints=hints,
    )


def _plain_answer(caller: Caller, done: CheckIn) -> bytes:
    device = done.device
    identity: dict[str, Any] = {
        "owner": caller.organization.owner_id,
        "alias": device.alias,
        "udid": device.udid,
        "timestamp": int(time.time()),
    }
    if done.is_new:
        return answers.registered(**identity, iv=base64.b64encode(secrets.token_bytes(16)).decode())
    return answers.checked_in(**identity, auto_update=device.auto_update)


def _note_offer(actor: Any, offer: Offer) -> None:
    """Record what the device was told to fetch; only the first time is audited and told."""
    device, build = offer.device, offer.build
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


def _follow(caller: Caller, done: CheckIn, newest: Build | None) -> None:
    """Close the loop: see from a report whether an offered build now runs, or was given up."""
    device, state = done.device, done.device.state
    if newest is not None and _runs(device, newest):
        if state.installed_build_id != newest.pk:
            _note_installed(caller.actor, device, newest)
    elif newest is not None and _gave_up(state, newest):
        _note_failed(caller.actor, device, newest)
    elif newest is not None and done.version_changed:
        _note_other_version(caller.actor, device)


def _let_follow(done: CheckIn, *, said_status: bool) -> None:
    device, state = done.device, done.device.state
    checked_in = CheckedIn(
        device_id=device.pk,
        uid=device.uid,
        organization_id=device.organization_id,
        organization_uid=device.organization.uid,
        at=state.last_seen_at or timezone.now(),
        status=state.status if said_status else None,
        level=state.level,
        rssi=state.rssi,
        snr=state.snr,
        is_new=done.is_new,
        version_changed=done.version_changed,
    )
    transaction.on_commit(lambda: follow([checked_in]))


def _runs(device: Device, build: Build) -> bool:
    return same_version(device.state.version, build.version) and not is_newer(device, build)


def _gave_up(state: DeviceState, build: Build) -> bool:
    return (
        state.offered_build_id == build.pk
        and state.offer_state in {"offered", "downloaded"}
        and state.status.startswith(f"{ROLLED_BACK}{build.version}:")
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
            status=device.state.status,
            **_facts(build),
        )
        _tell(device, build)
    device.state.offer_state = "failed"


def _note_other_version(actor: Any, device: Device) -> None:
    """Find the build behind a version that is not the newest, if it is one of ours."""
    version = device.state.version.rpartition(":")[2]
    rows = Build.objects.filter(device=device, status=BuildStatus.SUCCEEDED, version=version)
    build = rows.order_by("-pk").first()
    if build is not None and build.pk != device.state.installed_build_id:
        _note_installed(actor, device, build)
    elif build is None and device.state.installed_build_id is not None:
        DeviceState.objects.filter(device=device).update(installed_build=None, installed_at=None)


def _facts(build: Build) -> dict[str, str]:
    return {"version": build.version, "build": f"{build.uid}", "commit": build.commit}


def _tell(device: Device, build: Build) -> None:
    changed_on_commit(device, f"device.{device.uid}", f"org.{device.organization.uid}")
    changed_on_commit(build, f"build.{build.uid}")
