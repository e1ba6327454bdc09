"""Who an MQTT connection is, and which topics it may use (thinx-contract, MQTT and ACL)."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from django.db import close_old_connections
from django.db.models import Q
from django.utils import timezone

from accounts.models import Organization
from audit.recorder import record
from audit.refusals import first_lately
from devices.events import DeviceRefused
from devices.models import Device
from gateway.callers import gateway_actor
from keys.models import ApiKey
from keys.selectors import api_key_authenticate
from keys.usage import api_key_used

_OWNER_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Principal:
    """An authenticated connection: the whole owner, or one of its devices."""

    key_id: int
    owner_id: str
    udid: str = ""

    @property
    def name(self) -> str:
        """What tells this principal's clients from all others."""
        return self.udid or self.owner_id

    def allows(self, topic: str) -> bool:
        """Tell whether a topic, or a whole topic filter, lies inside what this one may use."""
        levels = topic.split("/")
        if len(levels) < 2 or levels[0] != "" or levels[1] != self.owner_id:
            return False
        if not self.udid:
            return True
        rest = levels[2:]
        return rest in ([self.udid], [self.udid, "status"]) or (
            len(rest) > 1 and rest[0] == "shared"
        )


def authenticate(username: str, password: str, *, address: str = "") -> Principal | None:
    """Return who presents this key: an owner id, or the udid of one of the key's devices.

    A firmware key belongs to one device. Libraries that sign in with the owner id get what that
    device may use, not the whole owner. Audits refusals, and the first use from an address.
    """
    close_old_connections()
    key = api_key_authenticate(password)
    principal = _principal(key, username) if key is not None else None
    if key is None or principal is None:
        _note_refusal(username, address)
        return None
    actor = gateway_actor(address, credential=f"API key {key.prefix}")
    api_key_used(actor, key, address=address)
    return principal


def _principal(key: ApiKey, username: str) -> Principal | None:
    if not key.organization.is_active:
        return None
    owner_id = key.organization.owner_id
    if username == owner_id:
        return Principal(key.pk, owner_id, key.device.udid if key.device else "")
    try:
        uid = uuid.UUID(username)
    except ValueError:
        return None
    devices = Device.objects.filter(organization=key.organization, uid=uid)
    if key.device is not None:
        devices = devices.filter(pk=key.device.pk)
    device = devices.first()
    return None if device is None else Principal(key.pk, owner_id, device.udid)


def _note_refusal(username: str, address: str) -> None:
    """Leave one event a minute for each address, in the chain of the owner that was named."""
    if not first_lately("mqtt", username, address):
        return
    organization = _named(username)
    record(gateway_actor(address), DeviceRefused, None, organization=organization, reason="mqtt")


def _named(username: str) -> Organization | None:
    """Return the organization whose owner id, or whose device, a stranger claims to be."""
    if _OWNER_ID.fullmatch(username):
        return Organization.objects.filter(owner_id=username).first()
    try:
        uid = uuid.UUID(username)
    except ValueError:
        return None
    device = Device.objects.filter(uid=uid).select_related("organization").first()
    return device.organization if device is not None else None


def still_valid(principals: set[Principal]) -> set[Principal]:
    """Return those whose key, organization and device are as they were. Two queries."""
    close_old_connections()
    live = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    keys = set(
        ApiKey.objects.filter(live, revoked_at=None, organization__is_active=True)
        .filter(pk__in={principal.key_id for principal in principals})
        .values_list("pk", flat=True)
    )
    udids = {principal.udid for principal in principals if principal.udid}
    devices = {
        (str(uid), owner_id)
        for uid, owner_id in Device.objects.filter(uid__in=udids).values_list(
            "uid", "organization__owner_id"
        )
    }
    return {
        principal
        for principal in principals
        if principal.key_id in keys
        and (not principal.udid or (principal.udid, principal.owner_id) in devices)
    }
