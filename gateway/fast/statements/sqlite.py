"""SQLite: it returns no columns of joined tables, so it is asked first.

Either statement takes and gives one value, a JSON array, and so is one step of the driver: at each
step the driver lets go of the interpreter, and waits to have it back while the event loop is busy.
A step for each row made the writer wait for most of its time.
"""

# No value is written into the text of a statement; names come from the models.
# ruff: noqa: S608
from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import connection, transaction

from devices.presence import expected, learned
from devices.services import VOLATILE
from devices.statuses import SAID, status_assignments
from gateway.fast.calls import KEPT, SAME, ZONE, Call
from gateway.fast.statements.ordinary import (
    APPLIED,
    TABLES,
    Stored,
    as_json,
    ordinary,
    said_values,
    same_values,
)

_ASKED = ("n", "uid", "owner", "digest", "also", "stranger", "address", *SAME, *ZONE)
# Its place in what is answered.
_RECEIPT = 8
_STORED = (
    "device", "now", "kept_interval", "late_at", "offline_at", "address", "prefix",
    *KEPT, *VOLATILE, *SAID,
)  # fmt: skip


def _rows(names: Sequence[str]) -> str:
    picked = ", ".join(
        f"json_extract(value, '$[{n}]') AS \"{name}\"" for n, name in enumerate(names)
    )
    return f"WITH v AS MATERIALIZED (SELECT {picked} FROM json_each(%s))"


def _uid_text(column: str) -> str:
    """Return the SQL of a UUID as text, which SQLite stores without its dashes."""
    parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    return " || '-' || ".join(f"substr({column}, {start}, {size})" for start, size in parts)


def _statements() -> tuple[str, str]:
    joined = ordinary("%s", "k.digest IN (v.digest, v.also)")
    asked = f"""
{_rows(_ASKED)}
SELECT json_group_array(json_array(v.n, k.prefix, d.alias, d.auto_update, k.id, d.id, o.id,
    {_uid_text("o.uid")}, c.id, s.has_chain, json(d.mesh_ids), d.checkin_interval,
    s.kept_interval, s.last_seen_at))
FROM v {joined}
"""
    state = TABLES["state"]
    kept = ", ".join(f'"{name}" = COALESCE(v."{name}", {state}."{name}")' for name in KEPT)
    status = status_assignments("v.{}", state=f"{state}.", now="v.now")
    volatile = ", ".join(f"{name} = COALESCE(v.{name}, '')" for name in VOLATILE)
    stored = f"""
{_rows(_STORED)}
UPDATE {state} SET last_seen_at = v.now, kept_interval = v.kept_interval, late_at = v.late_at,
  offline_at = v.offline_at, checkins = {state}.checkins + 1, address = v.address,
  last_key_prefix = v.prefix, {status}, {kept}, {volatile}
FROM v WHERE {state}.device_id = v.device
"""
    return asked, stored


ASKED, STORED = _statements()
APPLY = f"{APPLIED} (SELECT value FROM json_each(%s))"


def store(calls: Sequence[Call], now: datetime) -> dict[int, Stored]:
    """Store what is ordinary, as `gateway.fast.statements.store` says."""
    asked = [_question(n, call) for n, call in enumerate(calls)]
    moment = _stored(now)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(ASKED, [as_json(asked), moment])
        hits = orjson.loads(cursor.fetchone()[0])
        if hits:
            rows = [_row(calls[n], hit, now, moment) for n, *hit in hits]
            cursor.execute(STORED, [as_json(rows)])
        if receipts := [hit[_RECEIPT] for hit in hits if hit[_RECEIPT] is not None]:
            cursor.execute(APPLY, [moment, as_json(receipts)])
    return {
        n: Stored(alias, bool(auto), key, pk, owner, uid, receipt, bool(chain), mesh_ids)
        for n, _, alias, auto, key, pk, owner, uid, receipt, chain, mesh_ids, *_ in hits
    }


def _question(place: int, call: Call) -> tuple[Any, ...]:
    """Return what is asked of one call, in the order of _ASKED."""
    return (
        place, call.udid.replace("-", ""), call.owner, *call.digests, call.is_stranger,
        call.address, *same_values(call),
    )  # fmt: skip


def _row(call: Call, hit: list[Any], now: datetime, moment: Any) -> list[Any]:
    """Return what is stored of one call, in the order of _STORED."""
    prefix, device, (chosen, before, last_seen) = hit[0], hit[4], hit[-3:]
    kept = learned(before, _moment(last_seen), now)
    times = [_stored(at) for at in expected(now, chosen, kept).values()]
    return [
        device, moment, kept, *times, call.address, prefix,
        *said_values(call),
    ]  # fmt: skip


def _stored(at: datetime | None) -> Any:
    return None if at is None else connection.ops.adapt_datetimefield_value(at)


def _moment(stored: str | None) -> datetime | None:
    """Return a moment of this database, which has them all in UTC."""
    found = datetime.fromisoformat(stored) if stored else None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)
