"""The statement that stores ordinary check-ins and says which ones were ordinary.

One for each database; `tests/gateway/fast` holds both to what the services do. Names of tables
and columns come from the models, so a migration that renames one cannot leave this behind.
"""

# No value is written into the text of a statement; names come from the models.
# ruff: noqa: S608
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import orjson
from django.db import connection, transaction

from accounts.models import Organization
from builds.choices import BuildStatus
from builds.models import Build
from devices.models import Device, DeviceState
from devices.presence import LATE, LONGEST, OFFLINE, USUAL, expected, learned
from devices.services import VOLATILE
from devices.statuses import SAID, status_assignments
from fleet.models import ConfigReceipt, RolloutTarget
from fleet.pushes.choices import OPEN, Proof, ReceiptState
from fleet.rollouts.choices import OPEN as UNDER_WAY
from gateway.fast.calls import KEPT, SAME, ZONE, Call
from keys.models import ApiKey, ApiKeyAddress
from keys.usage import MOST_ADDRESSES

KEPT_TYPES = {"lat": "float8", "lon": "float8", "timezone_offset": "float8"}
TABLES = {
    "device": Device._meta.db_table,
    "state": DeviceState._meta.db_table,
    "key": ApiKey._meta.db_table,
    "address": ApiKeyAddress._meta.db_table,
    "organization": Organization._meta.db_table,
    "build": Build._meta.db_table,
    "receipt": ConfigReceipt._meta.db_table,
    "target": RolloutTarget._meta.db_table,
}


@dataclass(slots=True)  # not frozen: making a frozen one takes three times as long
class Stored:
    """An ordinary check-in that is committed, and what its answer says."""

    alias: str
    auto_update: bool
    key_id: int
    device_id: int
    organization_id: int
    organization_uid: str
    receipt_id: int | None
    has_chain: bool
    mesh_ids: list[str]


# What makes a check-in ordinary. `v` is what the device says.
ORDINARY = """
JOIN {device} d ON d.uid = v.uid
JOIN {state} s ON s.device_id = d.id
JOIN {organization} o ON o.id = d.organization_id AND o.owner_id = v.owner AND o.is_active
JOIN {key} k ON {key_matches}
  AND k.organization_id = o.id AND k.revoked_at IS NULL
  AND (k.expires_at IS NULL OR k.expires_at > {now})
  AND (k.device_id IS NULL OR k.device_id = d.id)
  AND (NOT v.stranger OR {noted})
LEFT JOIN {receipt} c ON c.device_id = d.id AND c.state IN ({open})
WHERE d.alias <> ''
  AND COALESCE(NULLIF(v.mac, ''), d.mac) = d.mac
  AND COALESCE(v.platform, d.platform) = d.platform
  AND COALESCE(v.fcid, d.fcid) = d.fcid
  AND COALESCE(v.version, s.version) = s.version
  AND COALESCE(v.env_hash, s.env_hash) = s.env_hash
  AND (s.timezone_name NOT IN ('', 'UTC')
    OR COALESCE(NULLIF(v.timezone_name, ''), s.timezone_name) = s.timezone_name
    AND COALESCE(v.timezone_offset, s.timezone_offset) = s.timezone_offset)
  AND NOT EXISTS (
    SELECT 1 FROM {build} b WHERE b.device_id = d.id AND b.status = '{succeeded}'
    AND NOT b.is_held AND b.id > COALESCE(s.installed_build_id, 0))
  AND (c.state IS NULL OR c.state = '{delivered}')
  AND NOT EXISTS (SELECT 1 FROM {target} t WHERE t.device_id = d.id AND t.state IN ({under_way}))
"""
# What keys.usage has nothing left to note of, when a key comes from an address that this process
# has not seen it at: after a restart that is every device there is.
NOTED = f"""
k.mqtt_digest <> '' AND (k.device_id IS NULL OR k.sealed_key <> '') AND (
    EXISTS (SELECT 1 FROM {{address}} a WHERE a.key_id = k.id AND a.address = v.address)
    OR (SELECT COUNT(*) FROM {{address}} a WHERE a.key_id = k.id) >= {MOST_ADDRESSES})
"""
# What was delivered before a device calls again is applied; one that is replaced just now, by
# a statement over many, is left to that.
APPLIED = f"""
UPDATE {TABLES["receipt"]} SET state = '{ReceiptState.APPLIED}', proof = '{Proof.REPORT}',
  ended_at = %s
WHERE state = '{ReceiptState.DELIVERED}' AND id IN
""".strip()


def store(calls: Sequence[Call], now: datetime) -> dict[int, Stored]:
    """Store what is ordinary, in one transaction; return those by their place in `calls`.

    No two calls may be of the same device. Never inside of a transaction: what is returned is
    committed.
    """
    return (_postgresql if connection.vendor == "postgresql" else _sqlite)(calls, now)


def keep_plans() -> None:
    """Have PostgreSQL plan the statement once for this thread's connection, which does only this.

    Django turns that off; planning it anew would take longer than running it.
    """
    if connection.vendor != "postgresql":
        return
    wrapper: Any = connection
    wrapper.ensure_connection()
    if wrapper.connection.prepare_threshold is None:
        with connection.cursor() as cursor:
            # A plan that is kept must not count on a table staying as small as it was.
            cursor.execute("SET enable_seqscan = off")
        wrapper.connection.prepare_threshold = 5


def _ordinary(now: str, key_matches: str) -> str:
    return ORDINARY.format(
        **TABLES,
        now=now,
        key_matches=key_matches,
        noted=NOTED.format(**TABLES),
        succeeded=BuildStatus.SUCCEEDED,
        delivered=ReceiptState.DELIVERED,
        open=_listed(OPEN),
        under_way=_listed(UNDER_WAY),
    )


def _listed(states: Sequence[str]) -> str:
    return ", ".join(f"'{state}'" for state in states)


_SAME_VALUES = attrgetter(*SAME, *ZONE)
_SAID_VALUES = attrgetter(*KEPT, *VOLATILE, "status")


def _json(rows: Sequence[Any]) -> str:
    return orjson.dumps(rows).decode()


def _meshes(text: str) -> list[str]:
    return orjson.loads(text) if text != "[]" else []


# --- PostgreSQL: one statement -----------------------------------------------------------------

_COLUMNS = (
    "n", "uid", "owner", "digest", "also", "stranger", "address",
    *SAME, *ZONE, *KEPT, *VOLATILE, *SAID,
)  # fmt: skip


# devices.presence.learned, in SQL.
KEPT_INTERVAL = f"""
COALESCE(LEAST({LONGEST}, GREATEST({USUAL}, s.kept_interval + floor(
  (EXTRACT(EPOCH FROM now() - s.last_seen_at) - s.kept_interval) / 4)::int)), s.kept_interval)
""".strip()


def _postgresql_statement() -> str:
    types = {"n": "int", "uid": "uuid", "stranger": "bool", **KEPT_TYPES}
    said = ", ".join(
        f"(value->>{place})::{types.get(name, 'text')} AS {name}"
        for place, name in enumerate(_COLUMNS)
    )
    kept = ", ".join(f"{n} = COALESCE(hit.{n}, s.{n})" for n in KEPT)
    status = status_assignments("hit.{}", state="s.", now="%s")
    volatile = ", ".join(f"{name} = COALESCE(hit.{name}, '')" for name in VOLATILE)
    ordinary = _ordinary("%s", "k.digest = ANY(ARRAY[v.digest, v.also])")
    return f"""
WITH v AS MATERIALIZED (SELECT {said} FROM jsonb_array_elements(%s::jsonb)),
known AS MATERIALIZED (
  SELECT v.*, d.id AS device_id, d.alias, d.auto_update, k.id AS key_id, k.prefix,
         o.id AS organization_id, o.uid::text AS organization_uid, c.id AS receipt_id,
         d.mesh_ids::text AS mesh_ids,
         d.checkin_interval AS chosen, {KEPT_INTERVAL} AS kept_interval
  FROM v {ordinary}),
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


POSTGRESQL = _postgresql_statement()


def _postgresql(calls: Sequence[Call], now: datetime) -> dict[int, Stored]:
    # In the order of their ids, so that two processes lock the same rows in the same order.
    order = sorted(range(len(calls)), key=lambda n: calls[n].udid)
    # One JSON value: the driver composes arrays in Python, which took as long as all the rest.
    rows = _json([_postgresql_row(n, calls[n]) for n in order])
    wrapper: Any = connection
    wrapper.ensure_connection()
    # The driver's own cursor binds on the server; Django's writes values into the text.
    with wrapper.wrap_database_errors, wrapper.Database.Cursor(wrapper.connection) as cursor:
        # A transaction by itself, and so one journey: at each the driver lets go of the
        # interpreter, and has to wait for it.
        hits = cursor.execute(POSTGRESQL, [rows, now, now, now, now], prepare=True).fetchall()
    return {n: Stored(*said, mesh_ids=_meshes(mesh_ids)) for n, *said, mesh_ids in hits}


def _postgresql_row(place: int, call: Call) -> tuple[Any, ...]:
    return (
        place, call.udid, call.owner, *call.digests, call.is_stranger, call.address,
        *_SAME_VALUES(call.report), *_SAID_VALUES(call.report), call.status, call.level,
    )  # fmt: skip


# --- SQLite: it returns no columns of joined tables, so it is asked first -----------------------
#
# Either statement takes and gives one value, a JSON array, and so is one step of the driver: at
# each step the driver lets go of the interpreter, and waits to have it back while the event loop
# is busy. A step for each row made the writer wait for most of its time.

_SQLITE_ASKED = ("n", "uid", "owner", "digest", "also", "stranger", "address", *SAME, *ZONE)
# Its place in what is answered.
_RECEIPT = 8
_SQLITE_STORED = (
    "device", "now", "kept_interval", "late_at", "offline_at", "address", "prefix",
    *KEPT, *VOLATILE, *SAID,
)  # fmt: skip


def _sqlite_rows(names: Sequence[str]) -> str:
    picked = ", ".join(
        f"json_extract(value, '$[{n}]') AS \"{name}\"" for n, name in enumerate(names)
    )
    return f"WITH v AS MATERIALIZED (SELECT {picked} FROM json_each(%s))"


def _uid_text(column: str) -> str:
    """Return the SQL of a UUID as text, which SQLite stores without its dashes."""
    parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    return " || '-' || ".join(f"substr({column}, {start}, {size})" for start, size in parts)


def _sqlite_statements() -> tuple[str, str]:
    ordinary = _ordinary("%s", "k.digest IN (v.digest, v.also)")
    asked = f"""
{_sqlite_rows(_SQLITE_ASKED)}
SELECT json_group_array(json_array(v.n, k.prefix, d.alias, d.auto_update, k.id, d.id, o.id,
    {_uid_text("o.uid")}, c.id, s.has_chain, json(d.mesh_ids), d.checkin_interval,
    s.kept_interval, s.last_seen_at))
FROM v {ordinary}
"""
    state = TABLES["state"]
    kept = ", ".join(f'"{name}" = COALESCE(v."{name}", {state}."{name}")' for name in KEPT)
    status = status_assignments("v.{}", state=f"{state}.", now="v.now")
    volatile = ", ".join(f"{name} = COALESCE(v.{name}, '')" for name in VOLATILE)
    stored = f"""
{_sqlite_rows(_SQLITE_STORED)}
UPDATE {state} SET last_seen_at = v.now, kept_interval = v.kept_interval, late_at = v.late_at,
  offline_at = v.offline_at, checkins = {state}.checkins + 1, address = v.address,
  last_key_prefix = v.prefix, {status}, {kept}, {volatile}
FROM v WHERE {state}.device_id = v.device
"""
    return asked, stored


SQLITE_ASKED, SQLITE_STORED = _sqlite_statements()
SQLITE_APPLIED = f"{APPLIED} (SELECT value FROM json_each(%s))"


def _sqlite(calls: Sequence[Call], now: datetime) -> dict[int, Stored]:
    asked = [_sqlite_question(n, call) for n, call in enumerate(calls)]
    moment = _stored(now)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(SQLITE_ASKED, [_json(asked), moment])
        hits = orjson.loads(cursor.fetchone()[0])
        if hits:
            rows = [_sqlite_row(calls[n], hit, now, moment) for n, *hit in hits]
            cursor.execute(SQLITE_STORED, [_json(rows)])
        if receipts := [hit[_RECEIPT] for hit in hits if hit[_RECEIPT] is not None]:
            cursor.execute(SQLITE_APPLIED, [moment, _json(receipts)])
    return {
        n: Stored(alias, bool(auto), key, pk, owner, uid, receipt, bool(chain), mesh_ids)
        for n, _, alias, auto, key, pk, owner, uid, receipt, chain, mesh_ids, *_ in hits
    }


def _sqlite_question(place: int, call: Call) -> tuple[Any, ...]:
    """Return what is asked of one call, in the order of _SQLITE_ASKED."""
    return (
        place, call.udid.replace("-", ""), call.owner, *call.digests, call.is_stranger,
        call.address, *_SAME_VALUES(call.report),
    )  # fmt: skip


def _sqlite_row(call: Call, hit: list[Any], now: datetime, moment: Any) -> list[Any]:
    """Return what is stored of one call, in the order of _SQLITE_STORED."""
    prefix, device, (chosen, before, last_seen) = hit[0], hit[4], hit[-3:]
    kept = learned(before, _moment(last_seen), now)
    times = [_stored(at) for at in expected(now, chosen, kept).values()]
    return [
        device, moment, kept, *times, call.address, prefix,
        *_SAID_VALUES(call.report), call.status, call.level,
    ]  # fmt: skip


def _stored(at: datetime | None) -> Any:
    return None if at is None else connection.ops.adapt_datetimefield_value(at)


def _moment(stored: str | None) -> datetime | None:
    """Return a moment of this database, which has them all in UTC."""
    found = datetime.fromisoformat(stored) if stored else None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)
