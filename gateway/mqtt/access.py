"""Who an MQTT connection is, and which topics it may use (thinx-contract, MQTT and ACL)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Organization
from audit.recorder import record
from audit.refusals import first_lately
from core.connections import refresh_connections
from devices.events import DeviceRefused
from devices.models import Device
from gateway.callers import gateway_actor
from gateway.mqtt.service import SERVICE_USER, is_service_password
from keys.models import ApiKey
from keys.selectors import api_keys_authenticate
from keys.usage import api_key_presented, api_key_used

_OWNER_ID = re.compile(r"[0-9a-f]{64}")
# An owner id; whatever form of a udid is longer than that is none.
LONGEST_NAME = 64


@dataclass(frozen=True)
class Principal:
    """An authenticated connection: the whole owner, a device with its meshes, or the console.

    `filters` is the rule of who may do what, for every broker; nothing else says it.
    """

    key_id: int
    owner_id: str
    udid: str = ""
    meshes: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What tells this principal's clients from all others."""
        return self.udid or self.owner_id or SERVICE_USER

    @property
    def is_service(self) -> bool:
        """Tell whether this is the console, which may use every topic."""
        return self == SERVICE

    def filters(self) -> tuple[str, ...]:
        """Return the topics it may read and write; `#` stands for one level or more."""
        if self.is_service:
            return ("#", "$SYS/#")
        owner = f"/{self.owner_id}"
        if not self.udid:
            return (owner, f"{owner}/#")
        device = f"{owner}/{self.udid}"
        meshes = (f"{owner}/{mesh_id}" for mesh_id in sorted(self.meshes))
        return (device, f"{device}/status", f"{owner}/shared/#", *meshes)

    def allows(self, topic: str) -> bool:
        """Tell whether a topic, or a whole topic filter, lies inside what this one may use."""
        return any(covers(mine, topic) for mine in self.filters())


def covers(allowed: str, asked: str) -> bool:
    """Tell whether a filter without `+` has all that another topic or filter has."""
    if not allowed.endswith("#"):
        return allowed == asked
    return asked.startswith(allowed[:-1])


SERVICE = Principal(0, "")


@dataclass(frozen=True)
class SignIn:
    """A name and an API key as a client presents them, and from where."""

    username: str
    password: str = field(repr=False)
    address: str = ""


def identify(username: str, password: str, *, address: str = "") -> Principal | None:
    """Return who presents this key: an owner id, or the udid of one of the key's devices.

    A firmware key belongs to one device. Libraries that sign in with the owner id get what that
    device may use, not the whole owner. Audits refusals, and the first use from an address.
    """
    return identify_all([SignIn(username, password, address)])[0]


def identify_all(asked: Sequence[SignIn]) -> list[Principal | None]:
    """Return who each of them is. Two queries, and those of what has to be noted of a key."""
    keys = api_keys_authenticate({one.password for one in asked if not _is_console(one)})
    named = {one: key for one in asked if (key := keys.get(one.password)) is not None}
    principals = principals_of((key, one.username) for one, key in named.items())
    found = {one: SERVICE if _is_console(one) else None for one in asked}
    found |= dict(zip(named, principals, strict=True))
    used: dict[tuple[str, str], ApiKey] = {}
    for one, principal in found.items():
        if principal is None:
            note_refusal(one.username, one.address)
        elif one in named:
            used[one.password, one.address] = named[one]
    for (presented, address), key in used.items():
        api_key_presented(key, presented=presented)
        api_key_used(key_actor(key, address), key, address=address)
    return [found[one] for one in asked]


def key_actor(key: ApiKey, address: str) -> Actor:
    """Return who the audit log names for the holder of a key."""
    return gateway_actor(address, credential=f"API key {key.prefix}")


def _is_console(one: SignIn) -> bool:
    return one.username == SERVICE_USER and is_service_password(one.password)


def principal_of_key(key: ApiKey, username: str) -> Principal | None:
    """Return who signs in by this name with a key that is right, or None when nobody may."""
    return principals_of([(key, username)])[0]


def principals_of(presented: Iterable[tuple[ApiKey, str]]) -> list[Principal | None]:
    """Return who each of them is that signs in by a name with a key that is right. One query."""
    asked = [(key, username, uid_of(username)) for key, username in presented]
    uids = {uid for key, _, uid in asked if uid is not None and key.device is None}
    devices = {device.uid: device for device in Device.objects.filter(uid__in=uids).order_by()}
    return [
        _principal(key, username, key.device or (devices.get(uid) if uid is not None else None))
        for key, username, uid in asked
    ]


def _principal(key: ApiKey, username: str, device: Device | None) -> Principal | None:
    """Return who it is, where `device` is the key's own, or the one that was named."""
    owner_id = key.organization.owner_id
    if not key.organization.is_active:
        return None
    if username == owner_id and key.device is None:
        return Principal(key.pk, owner_id)
    if device is None or device.organization_id != key.organization_id:
        return None
    if username != owner_id and uid_of(username) != device.uid:
        return None
    return Principal(key.pk, owner_id, device.udid, frozenset(device.mesh_ids))


def uid_of(username: str) -> uuid.UUID | None:
    """Return the udid that a name is, or None when it is none."""
    if len(username) > LONGEST_NAME:
        return None
    try:
        return uuid.UUID(username)
    except ValueError:
        return None


def note_refusal(username: str, address: str) -> None:
    """Leave one event a minute for each address, in the chain of the owner that was named.

    A broker that does not tell the address leaves one a minute for each owner.
    """
    if address and not first_lately("mqtt", username, address):
        return
    organization = _named(username)
    if not address and not first_lately("mqtt", f"{organization and organization.uid}"):
        return
    record(gateway_actor(address), DeviceRefused, None, organization=organization, reason="mqtt")


def _named(username: str) -> Organization | None:
    """Return the organization whose owner id, or whose device, a stranger claims to be."""
    if _OWNER_ID.fullmatch(username):
        return Organization.objects.filter(owner_id=username).first()
    uid = uid_of(username)
    if uid is None:
        return None
    device = Device.objects.filter(uid=uid).select_related("organization").first()
    return device.organization if device is not None else None


def live_keys() -> QuerySet[ApiKey]:
    """Return the keys that open anything: neither revoked nor expired, of active owners."""
    live = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ApiKey.objects.filter(live, revoked_at=None, organization__is_active=True)


def refreshed(principals: set[Principal]) -> dict[Principal, Principal]:
    """Return those whose key, organization and device are as they were, each as it is now.

    Their meshes may have changed. Two queries.
    """
    refresh_connections()
    keys = set(
        live_keys()
        .filter(pk__in={principal.key_id for principal in principals})
        .values_list("pk", flat=True)
    )
    udids = {principal.udid for principal in principals if principal.udid}
    devices = {
        (str(uid), owner_id): frozenset(mesh_ids)
        for uid, owner_id, mesh_ids in Device.objects.filter(uid__in=udids).values_list(
            "uid", "organization__owner_id", "mesh_ids"
        )
    }
    now: dict[Principal, Principal] = {}
    for principal in principals:
        place = (principal.udid, principal.owner_id)
        if principal.is_service:
            now[principal] = principal
        elif principal.key_id in keys and (not principal.udid or place in devices):
            now[principal] = replace(principal, meshes=devices.get(place, frozenset()))
    return now
