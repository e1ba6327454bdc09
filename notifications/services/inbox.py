"""What lies in the inboxes of people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.live_access import access_group
from accounts.models import User
from core.jobs import changed_on_commit
from notifications.kinds import Kind, Told
from notifications.models import Notification

PORTION = 500


def inbox_put(kind: Kind, told: Iterable[tuple[User, Told]]) -> None:
    """Write one line into each of these inboxes; tells the open pages of their people."""
    rows = [
        Notification(user=user, organization=seen.organization, **worded(kind, seen))
        for user, seen in told
    ]
    Notification.objects.bulk_create(rows, batch_size=PORTION)
    for row in rows:
        changed_on_commit(row, access_group(row.user))


def worded(kind: Kind, told: Told) -> dict[str, Any]:
    """Return the columns of a message."""
    return {
        "kind": kind.slug,
        "level": kind.level_of(told),
        "title": kind.title(told),
        "text": kind.body(told),
        "url": kind.url(told),
        "count": told.count,
        "items": told.named(),
    }


@transaction.atomic
def notification_read(actor: Any, *, notification: Notification) -> Notification:
    """Mark one line read; again changes nothing."""
    rows = Notification.objects.allowed(actor, "change").unread().filter(pk=notification.pk)
    if rows.update(read_at=timezone.now()):
        notification.refresh_from_db(fields=["read_at"])
        changed_on_commit(notification, access_group(actor.user))
    return notification


@transaction.atomic
def notifications_read(actor: Any, *, notifications: Any = None) -> int:
    """Mark these lines of the actor's inbox read, or all of it; return how many were not."""
    rows = Notification.objects.allowed(actor, "change").unread()
    if notifications is not None:
        rows = rows.filter(pk__in=list(notifications.values_list("pk", flat=True)))
    last = rows.order_by("-pk").first()
    if last is None:
        return 0
    count = rows.update(read_at=timezone.now())
    changed_on_commit(last, access_group(actor.user))
    return count
