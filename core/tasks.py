"""The sign of life that /health/ready looks for, and messages that leave the house."""

from __future__ import annotations

import time
from typing import Any

from celery import shared_task
from django.core.cache import cache

from core.delivery import MAX_RETRIES, deliver_or_retry
from core.mail import SEND_MAIL, mail_deliver
from core.sms import SEND_SMS, sms_deliver


@shared_task(name="core.beat")
def beat(**_: Any) -> None:
    """Note that a worker took a task from beat."""
    cache.set("core.beat", f"{time.time()}", 120)


@shared_task(name=SEND_MAIL, bind=True, max_retries=MAX_RETRIES)
def send_mail(self: Any, uid: str, sealed: str, **_: Any) -> None:
    """Send one mail."""
    deliver_or_retry(self, mail_deliver, uid, sealed)


@shared_task(name=SEND_SMS, bind=True, max_retries=MAX_RETRIES)
def send_sms(self: Any, uid: str, sealed: str, **_: Any) -> None:
    """Send one SMS."""
    deliver_or_retry(self, sms_deliver, uid, sealed)
