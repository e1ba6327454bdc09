"""What may wait until a check-in is answered: live pages, and when a key was used last."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from core.jobs import tell_groups
from core.watching import watched
from fleet.pushes.moving import tell_pushes
from gateway.fast.calls import Call
from gateway.fast.statements import Stored
from gateway.fast.writer import Told
from gateway.following import follow
from keys.models import ApiKey
from telemetry.samples import Sample

# A page needs no more than this, and a broker no less.
SECONDS_BETWEEN = 0.5
KEY_SECONDS = 60


class Notices:
    """Collects what happened and says it twice a second, however many check-ins there were."""

    def __init__(self) -> None:
        self._devices: dict[str, Any] = {}
        self._organizations: dict[str, str] = {}
        self._keys: dict[int, str] = {}
        self._receipts: list[int] = []
        self._said_at = 0.0
        self._keys_at = 0.0

    def told(self, batch: Sequence[tuple[Call, Stored]], now: datetime) -> None:
        """Remember one batch, and say what is due."""
        for call, stored in batch:
            uid = call.udid
            self._devices[uid] = None
            self._organizations[stored.organization_uid] = uid
            self._keys[stored.key_id] = call.address
            if stored.receipt_id is not None:
                self._receipts.append(stored.receipt_id)
        clock = time.monotonic()
        if clock - self._said_at >= SECONDS_BETWEEN:
            self._said_at = clock
            self._say()
        if clock - self._keys_at >= KEY_SECONDS:
            self._keys_at = clock
            self._note_keys(now)

    def _say(self) -> None:
        """Tell each organization once, and each device that somebody looks at."""
        messages = [_changed(f"org.{org}", uid) for org, uid in self._organizations.items()]
        for group in watched([f"device.{uid}" for uid in self._devices]):
            messages.append(_changed(group, group.removeprefix("device.")))
        receipts, self._receipts = self._receipts, []
        if receipts:
            tell_pushes(receipts)
        self._devices, self._organizations = {}, {}
        tell_groups(messages)

    def _note_keys(self, now: datetime) -> None:
        keys, self._keys = self._keys, {}
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - timedelta(seconds=KEY_SECONDS))
        by_address: dict[str, list[int]] = {}
        for pk, address in keys.items():
            by_address.setdefault(address, []).append(pk)
        for address, pks in by_address.items():
            ApiKey.objects.filter(stale, pk__in=pks).update(
                last_used_at=now, last_used_address=address
            )


def told_by(notices: Notices) -> Told:
    """Return what hears of every batch: these notices, then the followers of all check-ins."""

    def told(batch: Sequence[tuple[Call, Stored]], now: datetime) -> None:
        notices.told(batch, now)
        follow([_checked_in(call, stored, now) for call, stored in batch])

    return told


def _checked_in(call: Call, stored: Stored, now: datetime) -> Sample:
    return Sample(
        device_id=stored.device_id,
        uid=call.udid,
        organization_id=stored.organization_id,
        organization_uid=stored.organization_uid,
        at=now,
        status=call.status,
        level=call.level or "",
        rssi=call.report.rssi or "",
        snr=call.report.snr or "",
        has_chain=stored.has_chain,
    )


def _changed(group: str, uid: str) -> tuple[str, dict[str, Any]]:
    return group, {"type": "object.changed", "group": group, "model": "devices.device", "uid": uid}
