"""What makes a check-in ordinary, in the SQL that both databases know.

Names of tables and columns come from the models, so a migration that renames one cannot leave this
behind.
"""

# No value is written into the text of a statement; names come from the models.
# ruff: noqa: S608
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import orjson

from accounts.models import Organization
from builds.choices import BuildStatus
from builds.models import Build
from devices.models import Device, DeviceState
from devices.services import VOLATILE
from fleet.models import ConfigReceipt, RolloutTarget
from fleet.pushes.choices import OPEN, Proof, ReceiptState
from fleet.rollouts.choices import OPEN as UNDER_WAY
from gateway.fast.calls import KEPT, SAME, ZONE, Call
from keys.models import ApiKey, ApiKeyAddress
from keys.usage import MOST_ADDRESSES

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


def ordinary(now: str, key_matches: str) -> str:
    """Return ORDINARY for a database: its expressions of the moment, and of a right key."""
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


def same_values(call: Call) -> tuple[Any, ...]:
    """Return the values of SAME and ZONE."""
    return _SAME_VALUES(call.report)


def said_values(call: Call) -> tuple[Any, ...]:
    """Return the values of KEPT, VOLATILE and SAID."""
    return *_SAID_VALUES(call.report), call.status, call.level


def as_json(rows: Sequence[Any]) -> str:
    """Return rows as one value, which a statement takes apart."""
    return orjson.dumps(rows).decode()
