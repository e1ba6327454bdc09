"""Bulk jobs: started, cancelled, tried again. The work itself is in fleet.bulk.working."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils import timezone

from audit.recorder import record
from core.exceptions import Conflict, DomainError
from core.jobs import changed_on_commit, enqueue
from fleet.bulk import events
from fleet.bulk.acting import facts_of
from fleet.bulk.choices import ALLOWED_FROM, OPEN_ITEMS, ItemState, JobState
from fleet.bulk.constants import WORK_TASK
from fleet.bulk.models import BulkJob, BulkJobItem
from fleet.bulk.registry import BulkAction

CANCELLED = ("bulk.cancelled", "The job was cancelled before its turn came.")


@transaction.atomic
def bulk_job_start(
    actor: Any,
    *,
    organization: Any,
    action: BulkAction,
    fields: Mapping[str, list[str]],
    devices: Any,
) -> BulkJob:
    """Have an action done to each of these devices, as far as the actor may; enqueues.

    `devices` is a queryset: who is in is decided here, once, by one statement. Audits,
    broadcasts. Raises DomainError (bulk.params, bulk.nothing).
    """
    action.clean(actor, fields)
    facts = facts_of(actor)
    job = BulkJob.objects.create(
        organization=organization, action=action.slug, params=dict(fields), **facts
    )
    job.total = _enlist(job, devices.allowed(actor, action.permission))
    if not job.total:
        raise DomainError("bulk.nothing", "There is no device among these that you may change.")
    job.save(update_fields=["total"])
    record(
        actor,
        events.BulkJobStarted,
        job,
        organization=organization,
        action=action.slug,
        devices=job.total,
    )
    _wake(job)
    return job


@transaction.atomic
def bulk_job_cancel(actor: Any, *, job: BulkJob) -> BulkJob:
    """Leave out the devices whose turn has not come. Audits, broadcasts.

    Raises Conflict (bulk.over) for a job that is over.
    """
    now = timezone.now()
    if not move(job, JobState.CANCELLED, ended_at=now):
        raise Conflict("bulk.over", "The job is over; there is nothing left to cancel.")
    code, message = CANCELLED
    # What a worker is at this moment at, ends; on PostgreSQL this waits for it.
    left_out = job.items.filter(state__in=OPEN_ITEMS).update(
        state=ItemState.SKIPPED, error_code=code, message=message, ended_at=now, claim=None
    )
    job_recount(job)
    record(actor, events.BulkJobCancelled, job, organization=job.organization, left_out=left_out)
    return job


@transaction.atomic
def bulk_job_retry(actor: Any, *, job: BulkJob) -> BulkJob:
    """Try the failed devices again, in the name of whoever asks for it. Audits, broadcasts.

    Raises Conflict (bulk.running, bulk.nothing_failed).
    """
    facts = facts_of(actor)
    if not move(job, JobState.QUEUED, ended_at=None, **facts):
        raise Conflict("bulk.running", "The job is not over yet. Cancel it, or wait for its end.")
    again = job.items.filter(state=ItemState.FAILED).update(
        state=ItemState.PENDING, error_code="", message="", ended_at=None, claim=None
    )
    if not again:
        raise Conflict("bulk.nothing_failed", "No device of this job failed.")
    job_recount(job)
    record(actor, events.BulkJobRetried, job, organization=job.organization, devices=again)
    _wake(job)
    return job


def move(job: BulkJob, to: str, **fields: Any) -> bool:
    """Compare-and-set the state; return whether this caller made the move. Broadcasts."""
    rows = BulkJob.objects.filter(pk=job.pk, state__in=ALLOWED_FROM[to])
    moved = rows.update(state=to, **fields) == 1
    if moved:
        for name, value in {"state": to, **fields}.items():
            setattr(job, name, value)
        tell(job)
    return moved


def job_recount(job: BulkJob) -> None:
    """Write down how many devices are over, and how; says at the same time that one is at it."""
    over = {
        state: Count("pk", filter=Q(state=state))
        for state in (ItemState.DONE, ItemState.FAILED, ItemState.SKIPPED)
    }
    counts = job.items.aggregate(**{f"{state}": count for state, count in over.items()})
    BulkJob.objects.filter(pk=job.pk).update(seen_at=timezone.now(), **counts)
    for name, value in counts.items():
        setattr(job, name, value)
    tell(job)


def tell(job: BulkJob) -> None:
    """Tell open pages that the job changed."""
    changed_on_commit(job, f"org.{job.organization.uid}")


def _wake(job: BulkJob) -> None:
    BulkJob.objects.filter(pk=job.pk).update(seen_at=timezone.now())
    enqueue(WORK_TASK, job_uid=f"{job.uid}")
    tell(job)


def _enlist(job: BulkJob, devices: Any) -> int:
    """Insert an item for each device, in the order of their names; one statement."""
    columns = ("id", "organization_id", "uid", "alias")
    try:
        chosen, arguments = devices.order_by().values_list(*columns).query.sql_with_params()
    except EmptyResultSet:
        return 0
    table = connection.ops.quote_name(BulkJobItem._meta.db_table)
    statement = (
        f"INSERT INTO {table} (job_id, organization_id, device_id, device_uid, device_alias,"  # noqa: S608
        " state, error_code, message)"
        " SELECT %s, chosen.organization_id, chosen.id, chosen.uid, chosen.alias, %s, '', ''"
        f" FROM ({chosen}) AS chosen WHERE 1 = 1 ORDER BY chosen.alias, chosen.id"
        " ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [job.pk, ItemState.PENDING.value, *arguments])
        return cursor.rowcount
