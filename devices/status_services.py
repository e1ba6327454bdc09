"""What devices say between their check-ins: a status, that they are there, that they are gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from devices.models import DeviceState
from devices.statuses import read_status, status_assignments

_TABLE = DeviceState._meta.db_table
_STORE = f"""
UPDATE {_TABLE} SET last_seen_at = %(at)s, {status_assignments("%({})s", state="", now="%(at)s")}
WHERE device_id = %(device)s
"""  # noqa: S608  the name of a table, of the model


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life: when, and with which status, as it was said; None leaves it as it is."""

    device_id: int
    uid: UUID
    at: datetime
    status: str | None = None


@transaction.atomic
def signs_store(signs: Sequence[Sign]) -> None:
    """Store signs of life, the later one of a device over the earlier; one statement for all."""
    if not signs:
        return
    with connection.cursor() as cursor:
        cursor.executemany(_STORE, [_values(sign) for sign in _merged(signs)])


def _values(sign: Sign) -> dict[str, Any]:
    status, level = (None, None) if sign.status is None else read_status(sign.status)
    said = {"status_raw": sign.status, "status": status, "level": level}
    return {**said, "at": sign.at, "device": sign.device_id}


def _merged(signs: Iterable[Sign]) -> list[Sign]:
    """Return one sign a device, in the order in which check-ins lock rows."""
    merged: dict[int, Sign] = {}
    for sign in signs:
        before = merged.get(sign.device_id)
        if before is not None and sign.status is None:
            sign = Sign(sign.device_id, sign.uid, sign.at, before.status)
        merged[sign.device_id] = sign
    return sorted(merged.values(), key=lambda sign: sign.uid)
