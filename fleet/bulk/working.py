"""How a job gets on: workers take portions of its devices, and a sweeper wakes them.

A device's effect and its `done` are one transaction, and only the worker whose claim the item
carries may write it. So a worker may be killed at any moment, and another take over what it had:
each device is done once.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.actor import Actor
from audit.recorder import record
from core.exceptions import DomainError
from core.jobs import enqueue, told_together
from fleet.bulk import events
from fleet.bulk.acting import actor_of
from fleet.bulk.choices import OPEN_ITEMS, OPEN_JOBS, ItemState, JobState
from fleet.bulk.constants import (
    COUNT_SECONDS,
    LEASE_SECONDS,
    PORTION,
    SILENT_SECONDS,
    SWEEP_TASK,
    TASK_SECONDS,
    WORK_TASK,
)
from fleet.bulk.models import BulkJob, BulkJobItem
from fleet.bulk.performing import Outcome, device_for, outcome_of, perform_on
from fleet.bulk.registry import BulkAction, bulk_actions
from fleet.bulk.services import job_recount, move

logger = logging.getLogger(__name__)

UNKNOWN_ACTION = ("bulk.unknown_action", "This version of the console has no such action.")


def bulk_job_work(job_uid: str, *, seconds: float = TASK_SECONDS) -> None:
    """Do a job's next devices, for so long at most; then the next task goes on."""
    jobs = BulkJob.objects.select_related("organization", "ceiling", "started_by", "impersonator")
    job = jobs.filter(uid=job_uid, state__in=OPEN_JOBS).first()
    if job is None:
        return
    move(job, JobState.RUNNING)
    began = counted = time.monotonic()
    while claim := _take(job):
        with told_together():
            _do_portion(job, claim)
        now = time.monotonic()
        if now - counted > COUNT_SECONDS:
            job_recount(job)
            counted = now
        if now - began > seconds:
            job_recount(job)
            enqueue(WORK_TASK, job_uid=job_uid)
            return
    _end(job)


def bulk_jobs_sweep() -> None:
    """Wake a worker for each job that none has been at for a while. A task calls it."""
    before = timezone.now() - timedelta(seconds=SILENT_SECONDS)
    silent = BulkJob.objects.filter(state__in=OPEN_JOBS).filter(
        Q(seen_at=None) | Q(seen_at__lt=before)
    )
    for pk, uid in list(silent.values_list("pk", "uid")):
        with transaction.atomic():
            if silent.filter(pk=pk).update(seen_at=timezone.now()):
                enqueue(WORK_TASK, job_uid=f"{uid}")


@transaction.atomic
def _take(job: BulkJob) -> uuid.UUID | None:
    """Claim the next devices of a running job; None when there are none to be had."""
    now, claim = timezone.now(), uuid.uuid4()
    open_ones = BulkJobItem.objects.filter(job=job, job__state=JobState.RUNNING)
    # One after the other: with OR between them, no index would find the next of 100,000.
    for free in (
        open_ones.filter(state=ItemState.PENDING),
        open_ones.filter(state=ItemState.RUNNING, lease_until__lt=now),
    ):
        next_ones = free.order_by("pk")
        if connection.features.has_select_for_update_skip_locked:
            next_ones = next_ones.select_for_update(skip_locked=True, of=("self",))
        pks = list(next_ones.values_list("pk", flat=True)[:PORTION])
        if pks:
            break
    taken = free.filter(pk__in=pks).update(
        state=ItemState.RUNNING, claim=claim, lease_until=now + timedelta(seconds=LEASE_SECONDS)
    )
    return claim if taken else None


def _do_portion(job: BulkJob, claim: uuid.UUID) -> None:
    actor = actor_of(job)
    action = bulk_actions.get(job.action) if job.action in bulk_actions else None
    items = job.items.filter(claim=claim, state=ItemState.RUNNING).order_by("pk")
    mine = list(items.values_list("pk", "device_id"))
    try:
        if action is None:
            raise DomainError(*UNKNOWN_ACTION)
        params = action.clean(actor, job.params)
    except DomainError as error:
        for pk, _ in mine:
            _write(pk, claim, outcome_of(error))
        return
    for pk, device_id in mine:
        _do(action, actor, pk, claim, device_id, params)


def _do(
    action: BulkAction,
    actor: Any,
    pk: int,
    claim: uuid.UUID,
    device_id: int | None,
    params: dict[str, Any],
) -> None:
    try:
        with transaction.atomic():
            # The device's row before the item's, in the order in which a deletion takes them.
            device = device_for(action, actor, device_id)
            if not _write(pk, claim, Outcome(ItemState.DONE)):
                return
            outcome = perform_on(action, actor, device, device_id, params)
            if outcome.state != ItemState.DONE:
                BulkJobItem.objects.filter(pk=pk).update(**_columns(outcome))
    except OperationalError as error:  # two who waited for each other: its turn comes again
        logger.info("a bulk item waits for its next turn: %s", error)
        mine = BulkJobItem.objects.filter(pk=pk, claim=claim, state=ItemState.RUNNING)
        mine.update(state=ItemState.PENDING, claim=None)
    except Exception as error:  # noqa: BLE001  # an action is a plug-in: it fails one device
        _write(pk, claim, outcome_of(error))


def _write(pk: int, claim: uuid.UUID, outcome: Outcome) -> bool:
    """Write down what became of an item, if this worker still has it."""
    mine = BulkJobItem.objects.filter(pk=pk, claim=claim, state=ItemState.RUNNING)
    return mine.update(**_columns(outcome)) == 1


def _columns(outcome: Outcome) -> dict[str, Any]:
    return {
        "state": outcome.state,
        "error_code": outcome.code,
        "message": outcome.message,
        "ended_at": timezone.now(),
    }


@transaction.atomic
def _end(job: BulkJob) -> None:
    """End a job of which nothing is open any more. Audits, once."""
    if job.items.filter(state__in=OPEN_ITEMS).exists():
        return  # another worker has the rest, or had it: the sweeper will ask again
    if not move(job, JobState.DONE, ended_at=timezone.now()):
        return
    job_recount(job)
    counts = {name: getattr(job, name) for name in ("done", "failed", "skipped")}
    actor = actor_of(job)
    record(
        actor if actor.user is not None else Actor.named_system(SWEEP_TASK),
        events.BulkJobEnded,
        job,
        organization=job.organization,
        action=job.action,
        **counts,
    )
