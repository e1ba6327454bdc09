"""Devices that are gone: each outage told once to each receiver, when it has lasted long enough.

A row is there from the shortest time that anybody waits until the device is back. Who waits longer
is told when `due_at` comes: the row says which waiting times were told, and moves under its lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q

from devices.models import Device, DeviceState
from devices.presence import deadlines, late, offline, online
from devices.troubles.models import DeviceTrouble, Trouble
from devices.troubles.news import DeviceBack, DeviceOffline
from devices.troubles.telling import NEWS, PORTION, happened
from notifications.selectors import Waits, waits_of_all
from notifications.services import Happened, notify_many
from notifications.waiting import USUAL, in_words


def absences_sweep(now: datetime) -> None:
    """Tell of devices that came back, that went, and that stay away for long."""
    waits = waits_of_all()
    _end(now)
    _begin(now, waits)
    _tell_due(now, waits)


def _end(now: datetime) -> None:
    """Forget the absences that are over: also of a device that came and went since."""
    there = online(now, path="device__state__") | late(now, path="device__state__")
    is_over = there | Q(device__state__last_seen_at__gt=F("since"))
    rows = DeviceTrouble.objects.filter(is_over, what=Trouble.OFFLINE).select_related("device")
    while True:
        with transaction.atomic():
            over = list(rows.order_by("pk").select_for_update(of=("self",))[:PORTION])
            DeviceTrouble.objects.filter(pk__in=[row.pk for row in over]).delete()
            news = [happened(row.device, row.since, {}, after=row.told) for row in over if row.told]
            notify_many(DeviceBack, news, model=Device)
        if len(over) < PORTION:
            return


def _begin(now: datetime, waits: Waits) -> None:
    least = timedelta(seconds=waits.least(settings.OFFLINE_NOTICE))
    known = DeviceTrouble.objects.filter(what=Trouble.OFFLINE, device=OuterRef("pk"))
    gone = DeviceState.objects.filter(offline(now - least, path="")).filter(~Exists(known))
    rows = gone.select_related("device__organization")
    while True:
        states = list(rows.order_by("pk")[:PORTION])
        if not states or not _note(states, now, waits) or len(states) < PORTION:
            return


def _note(states: Sequence[DeviceState], now: datetime, waits: Waits) -> bool:
    """Remember and tell in one transaction; False when another worker was quicker."""
    found = []
    for state in states:
        times = deadlines(state)
        since = times[1] if times is not None else now
        found.append(DeviceTrouble(device=state.device, what=Trouble.OFFLINE, since=since))
    try:
        with transaction.atomic():
            news = [one for trouble in found for one in _advance(trouble, now, waits)]
            DeviceTrouble.objects.bulk_create(found)
            notify_many(DeviceOffline, news, model=Device)
    except IntegrityError:
        return False
    return True


def _tell_due(now: datetime, waits: Waits) -> None:
    is_gone = offline(now, path="device__state__")
    due = DeviceTrouble.objects.filter(is_gone, what=Trouble.OFFLINE, due_at__lte=now)
    rows = due.select_related("device__organization", "device__state").order_by("due_at", "pk")
    while True:
        with transaction.atomic():
            found = list(rows.select_for_update(of=("self",), skip_locked=True)[:PORTION])
            news = [one for trouble in found for one in _advance(trouble, now, waits)]
            _keep(found)
            notify_many(DeviceOffline, news, model=Device)
        if len(found) < PORTION:
            return


def _advance(trouble: DeviceTrouble, now: datetime, waits: Waits) -> list[Happened]:
    """Move a row past all that is due, not saved; return what there is to tell."""
    usual = settings.OFFLINE_NOTICE
    there = waits.there(trouble.device.organization.path).difference(trouble.told)
    moments = {seconds: trouble.since + timedelta(seconds=seconds or usual) for seconds in there}
    reached = sorted(seconds for seconds, moment in moments.items() if moment <= now)
    trouble.told = [*trouble.told, *reached]
    trouble.due_at = min((moment for moment in moments.values() if moment > now), default=None)
    return [
        happened(trouble.device, trouble.since, _facts(trouble, seconds), after=[seconds])
        for seconds in reached
        if now - moments[seconds] < NEWS
    ]


def _keep(rows: Sequence[DeviceTrouble]) -> None:
    """Store rows, by one statement for all that stand alike."""
    alike: dict[tuple[tuple[int, ...], timedelta | None], list[int]] = defaultdict(list)
    for row in rows:
        wait = row.due_at - row.since if row.due_at is not None else None
        alike[tuple(row.told), wait].append(row.pk)
    for (told, wait), keys in alike.items():
        due = F("since") + wait if wait is not None else None
        DeviceTrouble.objects.filter(pk__in=keys).update(told=list(told), due_at=due)


def _facts(trouble: DeviceTrouble, seconds: int) -> dict[str, object]:
    seen = trouble.device.state.last_seen_at
    heard = f"{seen:%Y-%m-%d %H:%M} UTC" if seen is not None else "never"
    longer = "" if seconds == USUAL else f" Offline for longer than {in_words(seconds)}."
    return {"message": f"Last seen {heard}.{longer}", "last_seen": seen and seen.isoformat()}
