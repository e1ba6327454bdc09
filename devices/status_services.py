"""What devices say between their check-ins: a status, that they are there, that they are gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from devices.models import Device, DeviceState
from devices.presence import expected, offline, seen
from devices.statuses import read_status, status_assignments

_TABLE = DeviceState._meta.db_table
# The names of tables and columns come from here and from the model.
_SEEN = f"""
UPDATE {_TABLE} SET last_seen_at = %(last_seen_at)s, kept_interval = %(kept_interval)s,
late_at = %(late_at)s, offline_at = %(offline_at)s,
{status_assignments("%({})s", state="", now="%(last_seen_at)s")} WHERE device_id = %(device)s
"""  # noqa: S608
_GONE = f"UPDATE {_TABLE} SET late_at = %s, offline_at = %s WHERE device_id = %s"  # noqa: S608
# A connection that stays open is a sign of life; noted this often.
CONNECTED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life with a status as it was said, None to leave that; or a last will.

    `since` is when the connection began that it came over, where that is known.
    """

    device: Device
    at: datetime
    status: str | None = None
    is_gone: bool = False
    since: datetime | None = None


@transaction.atomic
def signs_store(signs: Sequence[Sign]) -> None:
    """Store signs of life and last wills; of each device the last one counts.

    One round of statements for all, in the order in which check-ins lock rows.
    """
    merged = _merged(signs)
    rows = [_seen_values(sign) for sign in merged if not sign.is_gone]
    gone = [(_stored(sign.at), sign.device.pk) for sign in merged if sign.is_gone]
    with connection.cursor() as cursor:
        if rows:
            cursor.executemany(_SEEN, rows)
        if gone:
            cursor.executemany(_GONE, [(at, at, pk) for at, pk in gone])


def connected_note(udids: Collection[str]) -> None:
    """Note that these devices hold a connection open; writes only what is due."""
    if not udids:
        return
    now = timezone.now()
    due = Q(last_seen_at=None) | Q(last_seen_at__lt=now - CONNECTED_EVERY) | offline(now, path="")
    DeviceState.objects.filter(due, device__uid__in=udids).update(
        last_seen_at=now, late_at=None, offline_at=None
    )


def disconnected_note(udids: Collection[str]) -> None:
    """Expect these devices at their own pace again, but for those whose last will was heard."""
    if not udids:
        return
    rows = DeviceState.objects.filter(device__uid__in=udids, offline_at=None)
    for state in rows.exclude(last_seen_at=None).select_related("device"):
        presence_renew(state.device)


def presence_renew(device: Device) -> None:
    """Reckon anew when a device is expected, as after its interval was changed."""
    state = DeviceState.objects.filter(pk=device.pk).first()
    if state is None or state.last_seen_at is None:
        return
    times = expected(state.last_seen_at, device.checkin_interval, state.kept_interval)
    DeviceState.objects.filter(pk=device.pk).update(**times)


def _seen_values(sign: Sign) -> dict[str, Any]:
    state = getattr(sign.device, "state", None) or DeviceState(device=sign.device)
    columns = seen(sign.device, state, sign.at)
    moments = {name: _stored(columns[name]) for name in columns if name != "kept_interval"}
    status, level = (None, None) if sign.status is None else read_status(sign.status)
    said = {"status_raw": sign.status, "status": status, "level": level}
    return {**columns, **moments, **said, "device": sign.device.pk}


def _stored(moment: datetime | None) -> Any:
    """Return a moment as the database compares it: SQLite has it as text."""
    return connection.ops.adapt_datetimefield_value(moment)


def _merged(signs: Iterable[Sign]) -> list[Sign]:
    merged: dict[int, Sign] = {}
    for sign in signs:
        before = merged.get(sign.device.pk)
        if before is not None and sign.status is None and not sign.is_gone:
            merged[sign.device.pk] = Sign(sign.device, sign.at, before.status)
        else:
            merged[sign.device.pk] = sign
    return sorted(merged.values(), key=lambda sign: sign.device.uid)
