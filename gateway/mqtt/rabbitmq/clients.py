"""Which client id is whose at RabbitMQ: kept for whoever came with it first."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from gateway.models import MqttClient
from gateway.mqtt.access import Principal

LONGEST_CLIENT_ID = 255


@dataclass(frozen=True)
class Claim:
    """A client id, and who comes with it by which name."""

    client_id: str
    username: str
    principal: Principal

    @property
    def is_possible(self) -> bool:
        """Tell whether the client id can be kept at all."""
        return 0 < len(self.client_id) <= LONGEST_CLIENT_ID and self.client_id.isprintable()

    @property
    def said(self) -> dict[str, Any]:
        """Return what is kept of it, without the times."""
        principal = self.principal
        return {
            "key_id": principal.key_id,
            "owner_id": principal.owner_id,
            "udid": uuid.UUID(principal.udid) if principal.udid else None,
            "username": self.username,
            "meshes": " ".join(sorted(principal.meshes)),
        }

    def may_have(self, client: MqttClient) -> bool:
        """Tell whether the client is this one's own, with nothing heard that it may not hear."""
        owned = (self.said["owner_id"], self.said["udid"]) == (client.owner_id, client.udid)
        # Not until the guard has ended a session that still hears a mesh it was taken from.
        return owned and self.principal.meshes.issuperset(client.meshes.split())

    def is_said_by(self, client: MqttClient) -> bool:
        """Tell whether just this is kept already."""
        return all(getattr(client, name) == value for name, value in self.said.items())


def claimed(claims: Sequence[Claim]) -> list[bool]:
    """Have the client ids be these ones'; False for each that is somebody else's.

    Of several new ones that come at once with one client id, the first has it. A few statements,
    however many come.
    """
    kept = _kept({claim.client_id for claim in claims if claim.is_possible})
    may: dict[str, Claim] = {}
    for claim in claims:
        client = kept.get(claim.client_id)
        if claim.is_possible and (client is None or claim.may_have(client)):
            may.setdefault(claim.client_id, claim)
    had = _renewed({name: (claim, kept[name]) for name, claim in may.items() if name in kept})
    had |= _made([claim for name, claim in may.items() if name not in kept])
    return [claim.client_id in had and may[claim.client_id] == claim for claim in claims]


def _kept(client_ids: Iterable[str]) -> dict[str, MqttClient]:
    rows = MqttClient.objects.filter(client_id__in=list(client_ids))
    return {client.client_id: client for client in rows}


def _renewed(own: dict[str, tuple[Claim, MqttClient]]) -> set[str]:
    """Note that they are here again; what the guard changed meanwhile is not touched."""
    now = timezone.now()
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for claim, client in own.values():
        if claim.is_said_by(client):
            alike[client.meshes].append(client.pk)
    done = {
        pk
        for meshes, pks in alike.items()
        if MqttClient.objects.filter(pk__in=pks, meshes=meshes).update(**_here(now)) == len(pks)
        for pk in pks
    }
    return {
        name
        for name, (claim, client) in own.items()
        if client.pk in done or _changed(claim, client, now)
    }


def _changed(claim: Claim, client: MqttClient, now: datetime) -> bool:
    rows = MqttClient.objects.filter(pk=client.pk, meshes=client.meshes)
    return bool(rows.update(**claim.said, **_here(now)))


def _made(claims: Sequence[Claim]) -> set[str]:
    """Keep new ones; where another process was first, they are whose it says."""
    if not claims:
        return set()
    here = _here(timezone.now())
    MqttClient.objects.bulk_create(
        [MqttClient(client_id=claim.client_id, **claim.said, **here) for claim in claims],
        ignore_conflicts=True,
    )
    kept = _kept(claim.client_id for claim in claims)
    return {c.client_id for c in claims if c.client_id in kept and c.is_said_by(kept[c.client_id])}


def _here(now: datetime) -> dict[str, datetime]:
    return {"connected_at": now, "seen_at": now}
