"""PostgreSQL: one statement, which is a transaction."""

# No value is written into the text of a statement; names come from the models.
# ruff: noqa: S608
from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from devices.presence import LATE, LONGEST, OFFLINE, USUAL
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

KEPT_TYPES = {"lat": "float8", "lon": "float8", "timezone_offset": "float8"}
_COLUMNS = (
    "n", "uid", "owner", "digest", "also", "stranger", "address",
    *SAME, *ZONE, *KEPT, *VOLATILE, *SAID,
)  # fmt: skip


# devices.presence.learned, in SQL.
KEPT_INTERVAL = f"""
COALESCE(LEAST({LONGEST}, GREATEST({USUAL}, s.kept_interval + floor(
  (EXTRACT(EPOCH FROM now() - s.last_seen_at) - s.kept_interval) / 4)::int)), s.kept_interval)
""".strip()


def _statement() -> str:
    types = {"n": "int", "uid": "uuid", "stranger": "bool", **KEPT_TYPES}
    said = ", ".join(
        f"(value->>{place})::{types.get(name, 'text')} AS {name}"
        for place, name in enumerate(_COLUMNS)
    )
    kept = ", ".join(f"{n} = COALESCE(hit.{n}, s.{n})" for n in KEPT)
    status = status_assignments("hit.{}", state="s.", now="%s")
    volatile = ", ".join(f"{name} = COALESCE(hit.{name}, '')" for name in VOLATILE)
    joined = ordinary("%s", "k.digest = ANY(ARRAY[v.digest, v.also])")
    return f"""
WITH v AS MATERIALIZED (SELECT {said} FROM jsonb_array_elements(%s::jsonb)),
known AS MATERIALIZED (
  SELECT v.*, d.id AS device_id, d.alias, d.auto_update, k.id AS key_id, k.prefix,
         o.id AS organization_id, o.uid::text AS organization_uid, c.id AS receipt_id,
         d.mesh_ids::text AS mesh_ids,
         d.checkin_interval AS chosen, {KEPT_INTERVAL} AS kept_interval
  FROM v {joined}),
hit AS (SELECT *, NULLIF(COALESCE(chosen, kept_interval), {USUAL}) AS pace FROM known),
applied AS (
  {APPLIED} (SELECT id FROM {TABLES["receipt"]} WHERE id IN (SELECT receipt_id FROM known)
             FOR UPDATE SKIP LOCKED))
UPDATE {TABLES["state"]} s
SET last_seen_at = %s, kept_interval = hit.kept_interval,
    late_at = now() + make_interval(secs => {LATE} * hit.pace),
    offline_at = now() + make_interval(secs => {OFFLINE} * hit.pace),
    checkins = s.checkins + 1, address = hit.address,
    last_key_prefix = hit.prefix, {status}, {kept}, {volatile}
FROM hit WHERE s.device_id = hit.device_id
RETURNING hit.n, hit.alias, hit.auto_update, hit.key_id, hit.device_id, hit.organization_id,
          hit.organization_uid, hit.receipt_id, s.has_chain, hit.mesh_ids
"""


STATEMENT = _statement()


def store(calls: Sequence[Call], now: datetime) -> dict[int, Stored]:
    """Store what is ordinary, as `gateway.fast.statements.store` says."""
    # In the order of their ids, so that two processes lock the same rows in the same order.
    order = sorted(range(len(calls)), key=lambda n: calls[n].udid)
    # One JSON value: the driver composes arrays in Python, which took as long as all the rest.
    rows = as_json([_row(n, calls[n]) for n in order])
    wrapper: Any = connection
    wrapper.ensure_connection()
    # The driver's own cursor binds on the server; Django's writes values into the text.
    with wrapper.wrap_database_errors, wrapper.Database.Cursor(wrapper.connection) as cursor:
        # A transaction by itself, and so one journey: at each the driver lets go of the
        # interpreter, and has to wait for it.
        hits = cursor.execute(STATEMENT, [rows, now, now, now, now], prepare=True).fetchall()
    return {n: Stored(*said, mesh_ids=_meshes(mesh_ids)) for n, *said, mesh_ids in hits}


def _row(place: int, call: Call) -> tuple[Any, ...]:
    return (
        place, call.udid, call.owner, *call.digests, call.is_stranger, call.address,
        *same_values(call), *said_values(call),
    )  # fmt: skip


def _meshes(text: str) -> list[str]:
    return orjson.loads(text) if text != "[]" else []


def keep_plans() -> None:
    """Have the statement planned once for this thread's connection, which does only this.

    Django turns that off; planning it anew would take longer than running it. Changes settings of
    the session, for as long as it lasts.
    """
    wrapper: Any = connection
    wrapper.ensure_connection()
    if wrapper.connection.prepare_threshold is None:
        with connection.cursor() as cursor:
            # A plan that is kept must not count on a table staying as small as it was.
            cursor.execute("SET enable_seqscan = off")
        wrapper.connection.prepare_threshold = 5
