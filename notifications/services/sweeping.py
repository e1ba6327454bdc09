"""What died workers and lost tasks leave, put right by beat; and what is old, removed."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from notifications.choices import DeliveryState
from notifications.constants import (
    DELIVERIES_KEPT,
    OCCURRENCES_KEPT,
    ONCE_KEPT,
    READ_KEPT,
    UNREAD_KEPT,
)
from notifications.models import Notification, NotificationDelivery, Occurrence
from notifications.services import delivering, telling

PORTION = 1000


def notifications_sweep() -> None:
    """Give back what a worker had when it died, and wake workers for what is due."""
    now = timezone.now()
    lost = NotificationDelivery.objects.filter(state=DeliveryState.SENDING, due_at__lte=now)
    lost.update(state=DeliveryState.QUEUED, error="the worker stopped while it was sending")
    if Occurrence.objects.filter(spread_at=None, due_at__lte=now).exists():
        telling.wake()
    queued = NotificationDelivery.objects.filter(state=DeliveryState.QUEUED)
    if queued.filter(due_at__lte=now).exists():
        delivering.wake()


def notifications_keep() -> None:
    """Remove what is old, in portions, so that no table is locked for long."""
    now = timezone.now()
    inbox = Notification.objects.order_by("pk")
    _remove(inbox.filter(created_at__lt=now - READ_KEPT).exclude(read_at=None))
    _remove(inbox.filter(created_at__lt=now - UNREAD_KEPT))
    ended = NotificationDelivery.objects.order_by("pk").exclude(ended_at=None)
    _remove(ended.filter(created_at__lt=now - DELIVERIES_KEPT))
    told = Occurrence.objects.order_by("pk").exclude(spread_at=None)
    _remove(told.filter(happened_at__lt=now - OCCURRENCES_KEPT, once=None))
    _remove(told.filter(happened_at__lt=now - ONCE_KEPT))


def _remove(rows: object) -> None:
    while _remove_portion(rows):
        pass


@transaction.atomic
def _remove_portion(rows: object) -> bool:
    keys = list(rows.values_list("pk", flat=True)[:PORTION])  # type: ignore[attr-defined]
    rows.model._default_manager.filter(pk__in=keys).delete()  # type: ignore[attr-defined]
    return len(keys) == PORTION
