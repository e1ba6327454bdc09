"""What Mosquitto's two files say, made from the rows as they are.

Mosquitto has one password for each name. A device's is the key that it presented last to this
console; an owner's is the one called "Default MQTT API Key", else the oldest that works.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Max, Sum

from devices.models import Device, DeviceState, MeshMember
from gateway.mqtt.access import SERVICE, Principal, live_keys
from gateway.mqtt.service import SERVICE_USER
from keys.choices import ApiKeyKind

DEFAULT_KEY = "Default MQTT API Key"
# In a pattern, Mosquitto puts the name of whoever asks here.
ANY_USER = "%u"


@dataclass(frozen=True)
class Entry:
    """One name that may sign in: by what password, and who that is."""

    username: str
    digest: str
    principal: Principal


def entries() -> list[Entry]:
    """Return everybody who may sign in. Two queries."""
    owners: dict[int, tuple[tuple[Any, ...], Entry]] = {}
    by_prefix: dict[tuple[int, str], tuple[int, str, int | None]] = {}
    rows = live_keys().exclude(mqtt_digest="").order_by("pk")
    names = ("pk", "organization_id", "organization__owner_id", "prefix", "mqtt_digest")
    for pk, organization, owner, prefix, digest, device, alias, kind in rows.values_list(
        *names, "device_id", "alias", "kind"
    ):
        by_prefix[organization, prefix] = pk, digest, device
        rank = (alias != DEFAULT_KEY, kind != ApiKeyKind.DEVICE, pk)
        if device is None and rank < owners.get(organization, ((True, True, pk + 1),))[0]:
            owners[organization] = rank, Entry(owner, digest, Principal(pk, owner))
    found = [entry for _, entry in owners.values()]
    return [*found, *_of_devices(by_prefix)]


def _of_devices(keys: dict[tuple[int, str], tuple[int, str, int | None]]) -> Iterator[Entry]:
    rows = Device.objects.order_by("pk").values_list(
        "pk",
        "uid",
        "organization_id",
        "organization__owner_id",
        "state__last_key_prefix",
        "mesh_ids",
    )
    for pk, uid, organization, owner, prefix, meshes in rows.iterator(chunk_size=5000):
        key, digest, bound = keys.get((organization, prefix), (0, "", None))
        if digest and bound in {None, pk}:
            yield Entry(f"{uid}", digest, Principal(key, owner, f"{uid}", frozenset(meshes)))


def fingerprint() -> tuple[Any, ...]:
    """Return something that changes when the entries do. A few aggregates, no rows of devices."""
    keys = live_keys().exclude(mqtt_digest="").aggregate(Count("pk"), Sum("pk"))
    names = live_keys().filter(alias=DEFAULT_KEY).aggregate(Count("pk"), Sum("pk"))
    devices = Device.objects.aggregate(Count("pk"), whose=Sum(F("pk") * F("organization_id")))
    presented = DeviceState.objects.values_list("last_key_prefix")
    counted = presented.annotate(Count("pk"), Sum("device_id")).order_by("last_key_prefix")
    # Who leaves a mesh is one fewer, who joins has a higher key than all before.
    meshes = MeshMember.objects.aggregate(Count("pk"), Sum("pk"), Max("pk"))
    told = (keys, names, devices, meshes)
    return (*(value for found in told for value in found.values()), tuple(counted))


def password_file(found: list[Entry], *others: tuple[str, str]) -> str:
    """Return the password file; `others` are names with what their passwords are checked by."""
    lines = [f"{name}:{digest}" for name, digest in others]
    lines += [f"{entry.username}:{entry.digest}" for entry in found]
    return "\n".join([*lines, ""])


def acl_file(found: list[Entry]) -> str:
    """Return the ACL file: each name's topics; as patterns where there is only one owner.

    Patterns cannot tell owners apart, and Mosquitto takes long over many names: with n devices
    of several owners it compares n² / 2 names each time it reads the file.
    """
    owners = {entry.principal.owner_id for entry in found}
    lines = [f"user {SERVICE_USER}", *_lines("topic", SERVICE)]
    if len(owners) == 1:
        everyone = Principal(0, owners.pop(), ANY_USER)
        usual = set(everyone.filters())
    else:
        everyone, usual = None, set()
    for entry in found:
        mine = entry.principal
        if everyone is not None and mine.udid:
            same = {f.replace(mine.udid, ANY_USER) for f in mine.filters()}
            if same <= usual:
                continue
        lines += [f"user {entry.username}", *_lines("topic", mine)]
    # Patterns come last: what stands after a name belongs to it.
    if everyone is not None:
        lines += _lines("pattern", everyone)
    return "\n".join([*lines, ""])


def _lines(kind: str, principal: Principal) -> list[str]:
    return [f"{kind} readwrite {topic}" for topic in principal.filters()]
