"""Celery's side of bulk jobs: shells over services."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from fleet.bulk.constants import SWEEP_TASK, WORK_TASK
from fleet.bulk.working import bulk_job_work, bulk_jobs_sweep


@shared_task(name=WORK_TASK)
def work(job_uid: str, **_: Any) -> None:
    """Do the next devices of a job."""
    bulk_job_work(job_uid)


@shared_task(name=SWEEP_TASK)
def sweep(**_: Any) -> None:
    """Wake a worker for each job that lost its own."""
    bulk_jobs_sweep()
