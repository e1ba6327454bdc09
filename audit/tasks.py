"""Retention by the beat; off unless a setting says how long events stay in the table."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from audit.actors import SystemActor
from audit.services import audit_archive

logger = logging.getLogger(__name__)


@shared_task(name="audit.archive")
def archive(**_: Any) -> None:
    """Move what is older than THINX_AUDIT_KEEP_DAYS into the archive."""
    if settings.AUDIT_KEEP_DAYS < 1:
        return
    before = timezone.now() - timedelta(days=settings.AUDIT_KEEP_DAYS)
    for done in audit_archive(SystemActor("audit.archive"), before=before):
        logger.info("archived %s events of %s", done.events, done.name)
