"""Finds what began and what is over, in whole sets; a task calls it.

The states of devices are written by statements that must stay quick, on four ways. So nobody tells
of a change there: this looks at what is so, and remembers what it has told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from devices.models import Device, DeviceState
from devices.presence import deadlines, late, offline, online
from devices.troubles.models import DeviceTrouble, Trouble
from devices.troubles.news import DeviceBack, DeviceOffline, StatusError
from notifications.kinds import Kind
from notifications.services import Happened, notify_many

PORTION = 2000
# What began before that is no news: the console was away, or this release is new here.
NEWS = timedelta(days=1)


def troubles_sweep(now: datetime | None = None) -> None:
    """Tell of devices that went offline, came back, or turned to error; each once."""
    now = now or timezone.now()
    grace = timedelta(seconds=settings.OFFLINE_NOTICE)
    back = online(now, path="device__state__") | late(now, path="device__state__")
    _end(Trouble.OFFLINE, back, DeviceBack)
    _end(Trouble.ERROR, ~Q(device__state__level="error"), None)
    _begin(Trouble.OFFLINE, offline(now - grace, path=""), DeviceOffline, now)
    _begin(Trouble.ERROR, Q(level="error"), StatusError, now)


def _begin(what: Trouble, condition: Q, kind: type[Kind], now: datetime) -> None:
    known = DeviceTrouble.objects.filter(what=what, device=OuterRef("pk"))
    rows = DeviceState.objects.filter(condition).filter(~Exists(known)).select_related("device")
    while True:
        states = list(rows.order_by("pk")[:PORTION])
        if not states or not _note(what, states, kind, now) or len(states) < PORTION:
            return


def _note(what: Trouble, states: Sequence[DeviceState], kind: type[Kind], now: datetime) -> bool:
    """Remember and tell in one transaction; False when another worker was quicker."""
    found = [(state, _since(what, state, now)) for state in states]
    try:
        with transaction.atomic():
            DeviceTrouble.objects.bulk_create(
                DeviceTrouble(device=state.device, what=what, since=since) for state, since in found
            )
            news = [_happened(state.device, since, _facts(what, state))
                    for state, since in found if now - since < NEWS]  # fmt: skip
            notify_many(kind, news, model=Device)
    except IntegrityError:
        return False
    return True


def _since(what: Trouble, state: DeviceState, now: datetime) -> datetime:
    times = deadlines(state) if what == Trouble.OFFLINE else None
    return times[1] if times is not None else now


def _facts(what: Trouble, state: DeviceState) -> dict[str, Any]:
    seen = state.last_seen_at
    heard = f"{seen:%Y-%m-%d %H:%M} UTC" if seen is not None else "never"
    if what == Trouble.OFFLINE:
        return {"message": f"Last seen {heard}.", "last_seen": seen and seen.isoformat()}
    return {"message": state.status, "status": state.status}


def _end(what: Trouble, is_over: Q, kind: type[Kind] | None) -> None:
    rows = DeviceTrouble.objects.filter(is_over, what=what).select_related("device")
    while True:
        with transaction.atomic():
            over = list(rows.order_by("pk").select_for_update(of=("self",))[:PORTION])
            DeviceTrouble.objects.filter(pk__in=[trouble.pk for trouble in over]).delete()
            if kind is not None:
                since = [(trouble.device, trouble.since) for trouble in over]
                notify_many(kind, [_happened(d, at, {}) for d, at in since], model=Device)
        if len(over) < PORTION:
            return


def _happened(device: Device, since: datetime, facts: dict[str, Any]) -> Happened:
    return Happened(
        device.organization_id,
        target_id=device.pk,
        name=device.alias,
        url=reverse("devices:device", kwargs={"uid": device.uid}),
        facts={"device": f"{device.uid}", **facts},
        tags=device.tags,
        meshes=device.mesh_ids,
        at=since,
    )
