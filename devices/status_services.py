"""What devices say between their check-ins: a status, that they are there, that they are gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from devices.models import DeviceState

_TABLE = DeviceState._meta.db_table
_STORE = f"""
UPDATE {_TABLE} SET last_seen_at = %s, status = COALESCE(%s, status), level = COALESCE(%s, level)
WHERE device_id = %s
"""  # noqa: S608  the name of a table, of the model


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign of life: when, and with which status and level; None leaves them as they are."""

    device_id: int
    uid: UUID
    at: datetime
    status: str | None = None
    level: str | None = None


@transaction.atomic
def signs_store(signs: Sequence[Sign]) -> None:
    """Store signs of life, the later one of a device over the earlier; one statement for all."""
    with connection.cursor() as cursor:
        rows = [(sign.at, sign.status, sign.level, sign.device_id) for sign in _merged(signs)]
        cursor.executemany(_STORE, rows)


def _merged(signs: Iterable[Sign]) -> list[Sign]:
    """Return one sign a device, in the order in which check-ins lock rows."""
    merged: dict[int, Sign] = {}
    for sign in signs:
        before = merged.get(sign.device_id)
        if before is not None and sign.status is None:
            sign = Sign(sign.device_id, sign.uid, sign.at, before.status, before.level)
        merged[sign.device_id] = sign
    return sorted(merged.values(), key=lambda sign: sign.uid)
