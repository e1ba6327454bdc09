"""What a call of a device comes to: checked in, offered firmware, installed."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.recorder import record
from audit.refusals import first_lately
from builds.models import Build
from builds.offers import firmware_of, is_newer, is_offered, newest_build
from builds.services.tokens import token_issue
from core.exceptions import QuotaExceeded
from devices import events
from devices.handover import DeviceMoved, may_be_told
from devices.models import Device, DeviceState, FormerOwner
from devices.releases.models import ReleasedDevice
from devices.releases.refusing import DeviceReleased, released_called
from devices.selectors import find_device
from devices.services import CheckIn, device_report
from devices.statuses import read_status
from fleet.models import RolloutTarget
from fleet.rollouts.checkins import offered_build, open_target
from gateway.callers import Caller
from gateway.configuring import After, configured, receipt_for
from gateway.following import follow
from gateway.mqtt.mosquitto.waiting import announce_credentials
from gateway.outcomes import Offer, note_offered, note_outcome
from gateway.protocol import answers
from gateway.protocol.errors import (
    DEVICE_LIMIT,
    DEVICE_RELEASED,
    NO_SUCH_DEVICE,
    PUSH_DEVICE_NOT_FOUND,
    STATUS_OK,
    UPDATE_NOT_FOUND,
    WRONG_KEY,
    ProtocolError,
)
from gateway.protocol.files import ASK_BY_URL, base_platform
from gateway.protocol.requests import FirmwareRequest, PushRequest, Registration
from telemetry.samples import Sample

FIRMWARE_PATH = "/device/firmware"


def check_in(caller: Caller, registration: Registration, after: After) -> bytes:
    """Register or check in the device that calls; return its answer.

    `after` gets what is to be done once the answer has left. Audits new devices, offers and
    installations; broadcasts what changed.
    """
    report = registration.report
    report = replace(report, udid=caller.udid(report.udid))
    try:
        done = device_report(
            caller.actor,
            organization=caller.organization,
            report=report,
            address=caller.address,
            key_prefix=caller.key_prefix,
        )
    except QuotaExceeded:
        raise ProtocolError(DEVICE_LIMIT, 200) from None
    except DeviceMoved as moved:
        return _tell_new_owner(caller, registration, moved.former)
    except DeviceReleased as refused:
        raise _released(caller, refused.released) from None
    device = done.device
    newest = newest_build(device) if not done.is_new else None
    target = open_target(device) if not done.is_new else None
    receipt = receipt_for(device, status=report.status) if not done.is_new else None
    note_outcome(caller.actor, done, newest, target)
    _let_follow(done, said_status=report.status is not None)
    if done.is_new:
        announce_credentials()
    if registration.ack and device.mac.startswith("SIGFOX"):
        return answers.sigfox_downlink(device.mac, report.status or "")
    offer = _offer_now(device, newest, target)
    if offer is not None:
        return _update_answer(caller.actor, offer)
    answer = _plain_answer(caller, done)
    return answer if receipt is None else configured(receipt, answer, after)


def firmware_token(caller: Caller, request: FirmwareRequest) -> bytes:
    """Answer a device that asks for a token to fetch its newest firmware with."""
    offer = _newest_offer(_known_device(caller, request))
    if offer is None:
        return answers.nothing_to_install(UPDATE_NOT_FOUND)
    note_offered(caller.actor, offer)
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
    if offer.target is not None:
        note_offered(caller.actor, offer)
        return offer
    wanted = device.auto_update or offer.build.deliver
    if not wanted or not (request.forced or is_newer(device, offer.build)):
        return answers.nothing_to_install(STATUS_OK)
    note_offered(caller.actor, offer)
    return offer


def offer_unasked(actor: Any, target: RolloutTarget) -> bytes | None:
    """Return what a check-in would answer a device that a rollout has firmware for, or None.

    Notes that the device was offered it, so send the answer. Audits, broadcasts.
    """
    offer = _offer(target.device, offered_build(target, target.device), target)
    return _update_answer(actor, offer) if offer is not None else None


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


def _tell_new_owner(caller: Caller, registration: Registration, former: FormerOwner) -> bytes:
    """Answer a device that calls under the owner it had; anybody else is refused. Audits."""
    report, device = registration.report, former.device
    if not may_be_told(former, key_prefix=caller.key_prefix, mac=report.mac):
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


def _released(caller: Caller, released: ReleasedDevice) -> ProtocolError:
    """Note that a device which was let go of calls all the same; return what it is told."""
    if released_called(released):
        organization = caller.organization
        record(
            caller.actor, events.DeviceRefused, None, organization=organization, reason="released"
        )
    return ProtocolError(DEVICE_RELEASED, 200)


def _known_device(caller: Caller, request: FirmwareRequest) -> Device:
    udid = caller.udid(request.udid)
    device = find_device(caller.organization, udid=udid, mac=request.mac)
    if device is None or not hasattr(device, "state"):
        raise ProtocolError(NO_SUCH_DEVICE, 200)
    return device


def _newest_offer(device: Device) -> Offer | None:
    target = open_target(device)
    return _offer(device, offered_build(target, device), target) or _offer(
        device, newest_build(device)
    )


def _offer_now(device: Device, newest: Build | None, target: RolloutTarget | None) -> Offer | None:
    """Return what a rollout offers the device, else its newest build if it is to have it now."""
    offer = _offer(device, offered_build(target, device), target)
    if offer is None and is_offered(device, newest):
        offer = _offer(device, newest)
    return offer


def _offer(
    device: Device, build: Build | None, target: RolloutTarget | None = None
) -> Offer | None:
    artifact = firmware_of(build) if build is not None else None
    return Offer(device, artifact.build, artifact, target) if artifact is not None else None


def _update_answer(actor: Any, offer: Offer) -> bytes:
    device, build, artifact = offer.device, offer.build, offer.artifact
    note_offered(actor, offer)
    ott = token_issue(device=device, artifact=artifact)
    # In the order of need: the Python library ends without an owner.
    hints = {
        "url": f"{settings.PUBLIC_URL}{FIRMWARE_PATH}?ott={ott}",
        "owner": device.organization.owner_id,
        "md5": artifact.md5,
        "hash": artifact.sha256,
        "commit": build.commit,
    }
    if base_platform(device.platform) not in ASK_BY_URL:
        del hints["url"]
    return answers.firmware_update(
        alias=device.alias,
        udid=device.udid,
        ott=ott,
        mac=device.mac,
        version=build.firmware or build.version,
        timestamp=int(time.time()),
        mesh_ids=device.mesh_ids,
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
        iv = base64.b64encode(secrets.token_bytes(16)).decode()
        return answers.registered(**identity, iv=iv, meshes=device.mesh_ids)
    return answers.checked_in(**identity, auto_update=device.auto_update, mesh_ids=device.mesh_ids)


def _let_follow(done: CheckIn, *, said_status: bool) -> None:
    device, state = done.device, done.device.state
    status, level = read_status(state.status_raw)
    checked_in = Sample(
        device_id=device.pk,
        uid=device.udid,
        organization_id=device.organization_id,
        organization_uid=f"{device.organization.uid}",
        at=state.last_seen_at or timezone.now(),
        status=status if said_status else None,
        level=level,
        rssi=state.rssi,
        snr=state.snr,
        is_new=done.is_new,
        has_chain=state.has_chain,
    )
    transaction.on_commit(lambda: follow([checked_in]))
