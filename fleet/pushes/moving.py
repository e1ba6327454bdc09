"""How receipts move: one at a time or many by one statement, always by compare-and-set."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.models import Organization
from core.jobs import tell_groups
from core.watching import watched
from devices.models import Device
from fleet.pushes.choices import ALLOWED_FROM, OPEN, ReceiptState
from fleet.pushes.models import ConfigPush, ConfigReceipt, ConfigVariant

RECEIPTS = ConfigReceipt._meta.db_table
DEVICES = Device._meta.db_table


def move(receipt: ConfigReceipt, to: str, **fields: Any) -> bool:
    """Move one receipt; return whether this caller did. Broadcasts."""
    rows = ConfigReceipt.objects.filter(pk=receipt.pk, state__in=ALLOWED_FROM[to])
    if to == ReceiptState.SENT:
        # An answer that is still on its way is sent once more by one of two, not by both.
        rows = rows.filter(attempts=receipt.attempts)
    moved = rows.update(state=to, **fields) == 1
    if moved:
        for name, value in {"state": to, **fields}.items():
            setattr(receipt, name, value)
        tell_on_commit([receipt])
    return moved


def move_all(rows: Any, to: str, **fields: Any) -> int:
    """Move all of these receipts that may go there; return how many did. The caller tells."""
    return rows.filter(state__in=ALLOWED_FROM[to]).update(state=to, **fields)


def tell_on_commit(receipts: Iterable[ConfigReceipt]) -> None:
    """Have the pages of their pushes and devices told, once this commits, that they moved."""
    receipts = list(receipts)
    pushes = {f"configpush.{one.push.uid}" for one in receipts}
    devices = {f"device.{one.device.uid}" for one in receipts}
    if pushes:
        transaction.on_commit(lambda: tell_groups(_changed({*pushes, *devices})))


def tell_pushes(receipt_ids: list[int]) -> None:
    """Tell the pages of the pushes of these receipts, now."""
    rows = ConfigPush.objects.filter(receipts__in=receipt_ids).order_by()
    uids = rows.values_list("uid", flat=True).distinct()
    tell_groups(_changed({f"configpush.{uid}" for uid in uids}))


def _changed(groups: set[str]) -> list[tuple[str, dict[str, Any]]]:
    """Return what to say, to those groups that somebody listens to."""
    return [
        (group, {"type": "object.changed", "group": group, "uid": group.partition(".")[2]})
        for group in watched(sorted(groups))
    ]


def replace_open(device_ids: list[int], now: datetime) -> None:
    """Replace what is still on its way to these devices. One statement."""
    states = ", ".join(f"'{state}'" for state in OPEN)
    _run(
        f"UPDATE {RECEIPTS} SET state = 'replaced', ended_at = %s "  # noqa: S608
        f"WHERE state IN ({states}) AND device_id {_among()}",
        [now, _ids(device_ids)],
    )


def queue(
    push: ConfigPush, device_ids: list[int], now: datetime, variant: ConfigVariant | None = None
) -> int:
    """Add a receipt for each of these devices; return how many. One statement.

    No device may have an open one. Those that are deleted by now, or went to an organization
    elsewhere, get none: whoever gives a device away locks its row, so one waits for the other.
    """
    locking = " FOR KEY SHARE OF d" if connection.vendor == "postgresql" else ""
    return _run(
        f"INSERT INTO {RECEIPTS} (uid, push_id, variant_id, device_id, state, channel, attempts, "  # noqa: S608
        "proof, words, queued_at) "
        f"SELECT {_uid()}, CAST(%s AS bigint), CAST(%s AS bigint), d.id, "
        f"'queued', '', 0, '', '', %s FROM {DEVICES} d "
        f"WHERE d.id {_among()} AND d.organization_id {_among()}{locking}",
        [push.pk, variant.pk if variant else None, now, _ids(device_ids), _ids(_places(push))],
    )


def _places(push: ConfigPush) -> list[int]:
    """Return the organization of a push and those below it."""
    rows = Organization.objects.filter(path__startswith=push.organization.path)
    return list(rows.order_by().values_list("pk", flat=True))


def _run(statement: str, values: list[Any]) -> int:
    if connection.vendor == "postgresql":
        # The driver's own cursor binds an array on the server; Django's writes it into the text.
        connection.ensure_connection()
        with connection.connection.cursor() as cursor:
            return cursor.execute(statement, values).rowcount
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def _among() -> str:
    if connection.vendor == "postgresql":
        return "= ANY(%s::bigint[])"
    return "IN (SELECT value FROM json_each(%s))"


def _ids(device_ids: list[int]) -> Any:
    return (
        device_ids if connection.vendor == "postgresql" else f"[{','.join(map(str, device_ids))}]"
    )


def _uid() -> str:
    """Return the SQL of a random UUID, as Django stores one."""
    if connection.vendor == "postgresql":
        return "gen_random_uuid()"
    return (
        "lower(hex(randomblob(6))) || '4' || substr(lower(hex(randomblob(2))), 2) || "
        "substr('89ab', 1 + (random() & 3), 1) || substr(lower(hex(randomblob(2))), 2) || "
        "lower(hex(randomblob(6)))"
    )
