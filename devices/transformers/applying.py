"""Runs of chains that are due: claimed, run, and stored unless the device said something newer.

`DeviceState.transform_due_at` is the whole state of it. A check-in sets it to its own time. A
worker claims rows by moving it into the future, to a moment that is the worker's alone, and stores
a result only where it still finds that moment: a newer status has put its own time there. What a
killed worker had claimed is due again when that moment comes.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone
from redis.exceptions import RedisError

from core.jobs import enqueue, tell_groups
from core.watching import watched
from devices.models import DeviceState
from devices.transformers.constants import APPLY_TASK, BATCH, LEASE
from devices.transformers.document import device_document
from devices.transformers.models import DeviceTransformer
from devices.transformers.patience import patience
from devices.transformers.running import Link, Run, run_chains

logger = logging.getLogger(__name__)

WOKEN = "devices.transform.woken"
WOKEN_SECONDS = 5
# A worker that always finds more lets others have their turn.
MOST_BATCHES = 50


def wake() -> None:
    """Have a worker look for what is due, once this commits; one call is enough for many rows."""
    transaction.on_commit(_send)


def _send() -> None:
    try:
        if not cache.add(WOKEN, 1, WOKEN_SECONDS):
            return  # a worker is on its way, and looks after this commit
    except (RedisError, OSError) as error:
        logger.warning("cache away: %s", error)
    enqueue(APPLY_TASK)


def apply_due() -> int:
    """Run the chains that are due, the longest due first; return how many. Broadcasts."""
    try:
        cache.delete(WOKEN)
    except (RedisError, OSError) as error:
        logger.warning("cache away: %s", error)
    done = 0
    for _ in range(MOST_BATCHES):
        states = _claim(timezone.now())
        if not states:
            break
        for part in _by_patience(_runs(states)):
            run_chains([run for _, run in part])
            _store(part)
        done += len(states)
    return done


def _claim(now: datetime) -> list[DeviceState]:
    """Take what is due, so that no other worker has it, and return it with its devices."""
    until = now + LEASE + timedelta(microseconds=secrets.randbelow(1_000_000))
    with transaction.atomic():
        due = DeviceState.objects.filter(transform_due_at__lte=now).order_by("transform_due_at")
        # Rows that a check-in is writing now are not waited for: two that wait for each other
        # would fail, and the check-ins with them.
        pks = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
        if not pks:
            return []
        DeviceState.objects.filter(pk__in=pks).update(transform_due_at=until)
    rows = DeviceState.objects.filter(pk__in=pks, transform_due_at=until)
    return list(rows.select_related("device__organization"))


def _runs(states: Sequence[DeviceState]) -> list[tuple[DeviceState, Run]]:
    links = DeviceTransformer.objects.filter(device_id__in=[state.pk for state in states])
    chains: dict[int, list[DeviceTransformer]] = {}
    for link in links.select_related("transformer__current").order_by("position"):
        chains.setdefault(link.device_id, []).append(link)
    runs = []
    for state in states:
        state.device.state = state
        chain = chains.get(state.pk, [])
        scripts = [
            Link(link.transformer.current.body, link.transformer_id, link.transformer.alias)
            for link in chain
            if link.transformer.current is not None
        ]
        uids = [f"{link.transformer.uid}" for link in chain]
        document = device_document(state.device, transformers=uids)
        runs.append((state, Run(state.status_raw, document, scripts)))
    return runs


Part = list[tuple[DeviceState, Run]]


def _by_patience(runs: Part) -> list[Part]:
    """Return those of scripts that end in time, then those of scripts that lately did not."""
    quick, slow = [], []
    for entry in runs:
        suspect = any(patience.is_suspect(link.body) for link in entry[1].chain)
        (slow if suspect else quick).append(entry)
    return [part for part in (quick, slow) if part]


_TABLE = DeviceState._meta.db_table
_STORE = f"""
UPDATE {_TABLE} SET status = %s, level = %s, status_error = %s, status_error_by_id = %s,
transform_due_at = NULL WHERE device_id = %s AND transform_due_at = %s AND status_raw = %s
"""  # noqa: S608  # the name of a table of ours


def _store(part: Part) -> None:
    """Write the results to the rows that still wait for exactly these."""
    with transaction.atomic():
        mine = {state.pk: state.transform_due_at for state, _ in part}
        rows = DeviceState.objects.filter(pk__in=mine, transform_due_at__in={*mine.values()})
        free = set(rows.select_for_update(skip_locked=True).values_list("pk", flat=True))
        _write([entry for entry in part if entry[0].pk in free])
    # Those that somebody else was writing just then, each by itself.
    for entry in part:
        if entry[0].pk not in free:
            _write([entry])
    _tell([state for state, _ in part])


def _write(part: Part) -> None:
    moment = connection.ops.adapt_datetimefield_value  # as the ORM wrote it, on either database
    values = [
        (
            run.text,
            run.level,
            _error(run),
            run.failed_at.transformer_id if run.failed_at else None,
            state.pk,
            moment(state.transform_due_at),
            state.status_raw,
        )
        for state, run in part
    ]
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(_STORE, values)


def _error(run: Run) -> str:
    if run.failed_at is None:
        return ""
    return f"{run.failed_at.alias}: {run.error}"[:500]


def _tell(states: Sequence[DeviceState]) -> None:
    """Tell each organization once, and each device that somebody looks at."""
    uids = {f"device.{state.device.uid}": f"{state.device.uid}" for state in states}
    groups = {f"org.{s.device.organization.uid}": f"{s.device.uid}" for s in states}
    groups |= {group: uids[group] for group in watched(uids)}
    tell_groups([(group, _changed(group, uid)) for group, uid in groups.items()])


def _changed(group: str, uid: str) -> dict[str, Any]:
    return {"type": "object.changed", "group": group, "model": "devices.device", "uid": uid}
