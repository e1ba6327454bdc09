"""What a worker that died leaves behind, put right by beat."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from audit.recorder import record
from builds import events
from builds.choices import WORKING, BuildStatus
from builds.conf import LOST_AFTER_SECONDS, RESEND_AFTER_SECONDS, build_settings
from builds.constants import RUN_TASK
from builds.engine import workspace
from builds.models import Build
from builds.news import build_failed_news
from builds.sandbox import cgroups
from builds.services.state import move
from builds.services.tokens import tokens_sweep
from core.jobs import enqueue

LOST = "The worker of this build stopped answering. Build again; nothing of it was published."


def builds_sweep() -> None:
    """End builds whose worker is gone, send forgotten ones again, drop old tokens and folders."""
    _end_lost()
    _send_again()
    tokens_sweep()
    workspace.sweep(build_settings().workdir)
    cgroups.sweep()


def _end_lost() -> None:
    before = timezone.now() - timedelta(seconds=LOST_AFTER_SECONDS)
    lost = Build.objects.select_related("organization", "device", "source")
    for build in lost.filter(status__in=WORKING, heartbeat_at__lt=before):
        with transaction.atomic():
            code = "build.platform.worker_lost"
            if move(build, BuildStatus.ERRORED, error_code=code, error_message=LOST):
                record(
                    Actor.named_system("builds.sweep"),
                    events.BuildFinished,
                    build,
                    organization=build.organization,
                    result="errored",
                    code=code,
                )
                build_failed_news(build, message=LOST, code=code)


def _send_again() -> None:
    """Queue again what is due by the database; a task sent twice finds its build taken."""
    now = timezone.now()
    before = now - timedelta(seconds=RESEND_AFTER_SECONDS)
    waiting = Build.objects.filter(status=BuildStatus.QUEUED, changed_at__lt=before)
    for uid in list(waiting.values_list("uid", flat=True)[:200]):
        with transaction.atomic():
            if waiting.filter(uid=uid).update(changed_at=now):
                enqueue(RUN_TASK, queue="builds", build_uid=f"{uid}")
