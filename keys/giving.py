"""Keys and variables of a device that goes to another organization (see devices.giving).

A key goes along only where it is surely the device's own, and is bound to the device from then
on: whoever had it before must not reach anything else of the new owner with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps

from accounts.services.sharing import shares_end
from audit.recorder import record
from core.exceptions import Conflict
from keys import events
from keys.choices import ApiKeyKind
from keys.models import ApiKey, DeployKey, EnvVar
from keys.services import api_key_revoke


@dataclass(frozen=True)
class CallingKey:
    """The key that a device called with last, and why it cannot go along, if so."""

    key: ApiKey | None
    problem: str = ""


def calling_key(device: Any) -> CallingKey:
    """Find the key of a device in its organization, and whether only this device uses it."""
    state = getattr(device, "state", None)
    prefix = state.last_key_prefix if state is not None else ""
    live = ApiKey.objects.filter(organization=device.organization_id, revoked_at=None)
    own = live.filter(device=device).first()
    if not prefix or (own is not None and own.prefix == prefix):
        return CallingKey(own)
    found = list(live.filter(prefix=prefix, device=None)[:2])
    if not found:
        return CallingKey(own)
    if len(found) > 1 or found[0].kind != ApiKeyKind.DEVICE:
        return CallingKey(None, f"it calls with {found[0].alias}, which is no key of a device")
    if own is not None:
        return CallingKey(
            None, f"it calls with {found[0].alias} until it installs firmware with its own key"
        )
    others = apps.get_model("devices", "Device").objects.filter(
        organization=device.organization_id, state__last_key_prefix=prefix
    )
    count = others.exclude(pk=device.pk).count()
    if count:
        who = "another device calls" if count == 1 else f"{count:,} other devices call"
        return CallingKey(None, f"{who} with {found[0].alias} too")
    return CallingKey(found[0])


def device_key_give(actor: Any, *, device: Any, organization: Any) -> ApiKey | None:
    """Hand the key that the device calls with over to its new organization, bound to the device.

    Call it before the device moves. Audits. Raises Conflict (keys.shared_key) when it is not the
    device's own.
    """
    calling = calling_key(device)
    if calling.problem:
        raise Conflict("keys.shared_key", f"The API key cannot go along: {calling.problem}.")
    key = calling.key
    if key is None:
        return None
    record(actor, events.ApiKeyGiven, key, organization=key.organization, prefix=key.prefix)
    shares_end(ApiKey, [key.pk])
    key.organization, key.device, key.user = organization, device, None
    key.alias = f"Key of {device.alias}"[:80]
    key.save(update_fields=["organization", "device", "user", "alias"])
    return key


def device_key_end(actor: Any, *, device: Any) -> None:
    """Revoke the key that is in the device's firmware. Audits."""
    for key in ApiKey.objects.filter(device=device, revoked_at=None).select_related("organization"):
        api_key_revoke(actor, key=key)


def device_variables_give(*, device: Any, organization: Any) -> int:
    """Hand over the variables set for the device; return how many."""
    rows = EnvVar.objects.filter(device=device)
    shares_end(EnvVar, rows.values("pk"))
    return rows.update(organization=organization, updated_by=None)


def device_variables_end(*, device: Any) -> int:
    """Delete the variables set for the device; return how many."""
    return EnvVar.objects.filter(device=device).delete()[1].get("keys.EnvVar", 0)


def deploy_key_copy(actor: Any, *, key: DeployKey, organization: Any) -> DeployKey:
    """Give another organization the same key pair. Audits there."""
    sealed: Any = key.private_key
    copy = DeployKey(
        organization=organization,
        alias=key.alias,
        algorithm=key.algorithm,
        public_key=key.public_key,
        fingerprint=key.fingerprint,
        private_key=sealed.reveal(),
    )
    copy.save(force_insert=True)
    record(
        actor,
        events.DeployKeyCreated,
        copy,
        organization=organization,
        fingerprint=copy.fingerprint,
    )
    return copy
