"""Finds what began and what is over, in whole sets; a task calls it.

The states of devices are written by statements that must stay quick, on four ways. So nobody tells
of a change there: this looks at what is so, and remembers what it has told.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from devices.models import Device, DeviceState
from devices.troubles.absences import absences_sweep
from devices.troubles.models import DeviceTrouble, Trouble
from devices.troubles.news import StatusError
from devices.troubles.telling import PORTION, happened
from notifications.services import notify_many


def troubles_sweep(now: datetime | None = None) -> None:
    """Tell of devices that went offline, came back, or turned to error; each once."""
    now = now or timezone.now()
    absences_sweep(now)
    DeviceTrouble.objects.filter(~Q(device__state__level="error"), what=Trouble.ERROR).delete()
    _errors_begin(now)


def _errors_begin(now: datetime) -> None:
    known = DeviceTrouble.objects.filter(what=Trouble.ERROR, device=OuterRef("pk"))
    rows = DeviceState.objects.filter(level="error").filter(~Exists(known)).select_related("device")
    while True:
        states = list(rows.order_by("pk")[:PORTION])
        if not states or not _note(states, now) or len(states) < PORTION:
            return


def _note(states: Sequence[DeviceState], now: datetime) -> bool:
    """Remember and tell in one transaction; False when another worker was quicker."""
    try:
        with transaction.atomic():
            DeviceTrouble.objects.bulk_create(
                DeviceTrouble(device=state.device, what=Trouble.ERROR, since=now)
                for state in states
            )
            news = [
                happened(state.device, now, {"message": state.status, "status": state.status})
                for state in states
            ]
            notify_many(StatusError, news, model=Device)
    except IntegrityError:
        return False
    return True
