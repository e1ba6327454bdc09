"""All writes to devices and to what they report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.services.limits import require_room
from audit.changes import changed, snapshot
from audit.recorder import record
from core.counting import count_on_commit
from core.exceptions import Conflict, DomainError
from core.jobs import changed_on_commit
from devices import events, presence
from devices.aliases import given_alias
from devices.handover import require_not_moved
from devices.locking import device_locked
from devices.macs import normalise_mac
from devices.mesh_services import rules_due
from devices.models import Device, DeviceState
from devices.releases.refusing import require_not_released
from devices.reports import DeviceReport
from devices.selectors import find_device
from devices.status_services import presence_renew
from devices.statuses import said_status
from devices.timezones import UNSET, zone_chosen, zone_said
from devices.topics import is_free_udid

EDITABLE = (
    "alias",
    "mac",
    "platform",
    "source",
    "auto_update",
    "checkin_interval",
    "description",
    "icon",
    "category",
    "tags",
)
# What a device that does not say it no longer has.
VOLATILE = ("rssi", "snr", "station")
REPORTED = (
    "firmware",
    "version",
    "commit",
    "checksum",
    "env_hash",
    "push_token",
    "lat",
    "lon",
)


@dataclass(frozen=True)
class CheckIn:
    """What a report came to: the device, whether it is new, whether its version changed."""

    device: Device
    is_new: bool
    version_changed: bool


@transaction.atomic
def device_create(actor: Any, *, organization: Any, **fields: Any) -> Device:
    """Add a device before it calls. Audits, broadcasts.

    Raises Conflict (devices.mac_taken) when another device of the organization has its MAC, and
    QuotaExceeded (accounts.limit_reached).
    """
    require_room(organization, "devices")
    device = Device(organization=organization)
    zone = zone_chosen(fields.pop("timezone_name", ""), timezone.now())
    _assign(device, fields)
    device.save()
    device.state = DeviceState.objects.create(device=device, **zone)
    record(actor, events.DeviceCreated, device, organization=organization, mac=device.mac)
    rules_due(organization)
    _tell(device)
    return device


@transaction.atomic
def device_edit(actor: Any, *, device: Device, **fields: Any) -> Device:
    """Change what people decide about a device; the other fields stay. Audits, broadcasts.

    `timezone_name` is the time zone it stands in; empty: what the device says. Raises Conflict
    (devices.mac_taken) when another device of the organization has its MAC.
    """
    zone = _choose_zone(device, fields.pop("timezone_name")) if "timezone_name" in fields else {}
    before = snapshot(device_locked(device), fields)
    _assign(device, fields)
    changes = changed(device, before)
    if changes:
        device.save(update_fields=[*changes])
    if changes := {**changes, **zone}:
        if "checkin_interval" in changes:
            presence_renew(device)
        organization = device.organization
        record(actor, events.DeviceChanged, device, organization=organization, changes=changes)
        rules_due(organization)
        _tell(device)
    return device


def device_delete(actor: Any, *, device: Device) -> None:
    """Delete a device with its builds and firmware key. Audits, broadcasts."""
    device_remove(actor, device=device, event=events.DeviceDeleted)


@transaction.atomic
def device_remove(actor: Any, *, device: Device, event: Any) -> None:
    """Take a device and all that hangs on it away, for this reason. Audits, broadcasts.

    Its firmware key opens nothing from then on; its MQTT connections end within seconds. Raises
    Conflict (devices.moved) when it just went elsewhere, or away.
    """
    device_locked(device)
    device.delete()
    # Last: the chain of events belongs to one at a time, who must not wait for anybody then.
    record(
        actor,
        event,
        device,
        organization=device.organization,
        mac=device.mac,
        udid=device.udid,
    )
    _tell(device)
    count_on_commit("devices_deleted", device.organization)


def device_report(
    actor: Any,
    *,
    organization: Any,
    report: DeviceReport,
    address: str = "",
    key_prefix: str = "",
) -> CheckIn:
    """Take a device's report: check in the one it is, or register a new one.

    Matched inside the organization by udid, then by MAC. Three statements for a known device,
    outside any transaction. Audits a new device; broadcasts. Two at once make one device. Raises
    QuotaExceeded (accounts.limit_reached) for a new one past the limit, DeviceMoved for one that
    this organization gave away, and DeviceReleased for one that it let go of.
    """
    facts = {"address": address[:64], "last_key_prefix": key_prefix[:8]}
    device = find_device(organization, udid=report.udid, mac=report.mac)
    if device is None:
        require_not_moved(organization, udid=report.udid, mac=report.mac)
        require_not_released(organization, udid=report.udid, mac=report.mac)
        try:
            return _register(actor, organization, report, facts)
        except IntegrityError:
            device = find_device(organization, udid=report.udid, mac=report.mac)
            if device is None:
                raise
    return _check_in(actor, device, report, facts)


@transaction.atomic
def _register(
    actor: Any, organization: Any, report: DeviceReport, facts: dict[str, str]
) -> CheckIn:
    require_room(organization, "devices")
    device = Device(
        organization=organization,
        alias=given_alias(report.alias),
        mac=report.mac,
        platform=report.platform or "unknown",
        fcid=report.fcid or "",
    )
    if report.udid and is_free_udid(organization, report.udid):
        device.uid = report.udid
    device.save(force_insert=True)
    values = {name: v for name in REPORTED if (v := getattr(report, name)) is not None}
    values |= {name: getattr(report, name) or "" for name in VOLATILE}
    values |= zone_said(report.timezone_name, report.timezone_offset, timezone.now())
    values |= said_status(report.status or "", has_chain=False, now=timezone.now())
    signs = presence.seen(device, DeviceState(device=device), timezone.now())
    device.state = DeviceState.objects.create(device=device, checkins=1, **signs, **values, **facts)
    record(
        actor,
        events.DeviceRegistered,
        device,
        organization=organization,
        mac=device.mac,
        platform=device.platform,
    )
    rules_due(organization)
    _tell(device)
    return CheckIn(device, is_new=True, version_changed=bool(report.version))


def _check_in(actor: Any, device: Device, report: DeviceReport, facts: dict[str, str]) -> CheckIn:
    """Merge a report: the device wins, except for its alias; only what changed is written."""
    _adopt_identity(actor, device, report)
    state = _state_of(device)
    said = {name: v for name in REPORTED if (v := getattr(report, name)) is not None}
    said |= {name: getattr(report, name) or "" for name in VOLATILE}
    now = timezone.now()
    if report.status is not None:
        said |= said_status(report.status, has_chain=state.has_chain, now=now)
    if state.timezone_name in {"", UNSET}:  # as with the alias, what is chosen here wins
        said |= zone_said(report.timezone_name, report.timezone_offset, now)
    said |= presence.seen(device, state, now)
    differing = {name: v for name, v in (said | facts).items() if v != getattr(state, name)}
    DeviceState.objects.filter(pk=state.pk).update(checkins=F("checkins") + 1, **differing)
    for name, value in differing.items():
        setattr(state, name, value)
    _tell(device)
    return CheckIn(
        device, is_new=False, version_changed=bool({"version", "env_hash"} & {*differing})
    )


def _adopt_identity(actor: Any, device: Device, report: DeviceReport) -> None:
    said = {
        "platform": report.platform,
        "fcid": report.fcid,
        "mac": report.mac,
        "alias": None if device.alias else given_alias(report.alias),
    }
    adopted = {name: v for name, v in said.items() if v and v != getattr(device, name)}
    if not adopted:
        return
    if "mac" in adopted and find_device(device.organization, mac=report.mac):
        del adopted["mac"]  # the board of another device: that one keeps it
    if adopted:
        _adopt(actor, device, adopted)


@transaction.atomic
def _adopt(actor: Any, device: Device, adopted: dict[str, Any]) -> None:
    before = snapshot(device, adopted)
    Device.objects.filter(pk=device.pk).update(**adopted)
    for name, value in adopted.items():
        setattr(device, name, value)
    changes = changed(device, before)
    record(actor, events.DeviceChanged, device, organization=device.organization, changes=changes)
    rules_due(device.organization)


def _choose_zone(device: Device, name: str) -> dict[str, Any]:
    """Store the zone that people chose; return what changed."""
    state, before = _state_of(device), _state_of(device).timezone_name
    if (name or UNSET) == before:
        return {}
    zone = zone_chosen(name, timezone.now())
    DeviceState.objects.filter(pk=state.pk).update(**zone)
    for column, value in zone.items():
        setattr(state, column, value)
    return {"timezone_name": {"before": before, "after": state.timezone_name}}


def _state_of(device: Device) -> DeviceState:
    if getattr(device, "state", None) is None:
        device.state, _ = DeviceState.objects.get_or_create(device=device)
    return device.state


def _assign(device: Device, fields: dict[str, Any]) -> None:
    unknown = fields.keys() - {*EDITABLE}
    if unknown:
        raise TypeError(f"not fields of a device: {', '.join(sorted(unknown))}")
    for name, value in fields.items():
        setattr(device, name, value)
    if "mac" in fields:
        device.mac = _clean_mac(device, fields["mac"])
    if device.source is not None and device.source.organization_id != device.organization_id:
        raise Conflict(
            "devices.foreign_source",
            "A device is built from a source of its own organization.",
            fields={"source": ["Choose a source of the device's organization."]},
        )
    device.full_clean(validate_unique=False, validate_constraints=False)


def _clean_mac(device: Device, value: str) -> str:
    mac = normalise_mac(value)
    if value and not mac:
        raise DomainError(
            "devices.mac_invalid",
            "This is not a MAC address.",
            fields={"mac": ["Write twelve hexadecimal digits, like 5C:CF:7F:01:23:45."]},
        )
    other = find_device(device.organization, mac=mac)
    if other is not None and other.pk != device.pk:
        raise Conflict(
            "devices.mac_taken",
            f"{other.alias} has this MAC address.",
            fields={"mac": [f"{other.alias} has this MAC address already."]},
        )
    return mac


def _tell(device: Device) -> None:
    changed_on_commit(device, f"org.{device.organization.uid}", f"device.{device.uid}")
