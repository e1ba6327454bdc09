"""Sends what is due. The row is the whole state: a lost task, worker or broker loses nothing.

    queued → sending → sent | failed | dropped
       └────────┘ tried again later, or the worker died

A worker has a delivery until the `due_at` that it set, which is its alone. Only one that is killed
between the receiver's answer and the database's is sent again, and then under the same id.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string
from redis.exceptions import RedisError

from core.delivery import DeliveryError, pause_after
from core.exceptions import DomainError
from core.fields import Sealed
from core.jobs import changed_on_commit, enqueue
from core.ratelimit import RateLimit
from notifications.channels import Addressee, Channel, Letter, channels
from notifications.choices import ALLOWED_FROM, DeliveryState
from notifications.constants import DELIVER_TASK, LEASE, MOST_TOGETHER
from notifications.kinds import Kind, Told, kinds
from notifications.models import NotificationDelivery, NotificationRule
from notifications.selectors import sees_any
from notifications.services.inbox import worded
from notifications.services.times import due_for

logger = logging.getLogger(__name__)

WOKEN = "notifications.deliver.woken"
WOKEN_SECONDS = 5
HOUR = 3600
LONGEST_PAUSE = 3600
# What could not be delivered for so long is news of yesterday.
LONGEST_WAIT = timedelta(hours=24)
# A worker that always finds more lets others have their turn.
MOST_SECONDS = 50
NOT_SEEN = "what it is about may not be seen any more"


def delivery_by_rule(
    rule: NotificationRule, kind: Kind, told: Told, target_model: str
) -> NotificationDelivery:
    """Return a new row, not saved: a message that a rule sends at once."""
    return NotificationDelivery(
        rule=rule,
        organization=rule.organization,
        channel=rule.channel,
        target_model=target_model,
        due_at=timezone.now(),
        **worded(kind, told),
    )


def delivery_to_person(
    user: Any, channel: str, kind: Kind, told: Told, target_model: str
) -> NotificationDelivery:
    """Return a new row, not saved: a message to a person, when they may be sent one."""
    now = timezone.now()
    due, together = due_for(user, channel=channel, is_urgent=kind.urgent, now=now)
    return NotificationDelivery(
        user=user,
        organization=told.organization,
        channel=channel,
        target_model=target_model,
        target_ids=[item.pk for item in told.items[:MOST_TOGETHER] if item.pk is not None],
        due_at=due,
        together=together,
        **worded(kind, told),
    )


def deliveries_wake(deliveries: Sequence[NotificationDelivery]) -> None:
    """Have a worker send what is due, once this commits."""
    now = timezone.now()
    if any(delivery.due_at <= now for delivery in deliveries):
        transaction.on_commit(wake)


def wake() -> None:
    """Have a worker send what is due."""
    if settings.MESSAGES_INLINE:
        import_string("notifications.tasks.deliver")()
        return
    with suppress(RedisError, OSError):  # without the cache more are woken than needed
        if not cache.add(WOKEN, 1, WOKEN_SECONDS):
            return
    enqueue(DELIVER_TASK, queue="notifications")


def deliver_due() -> int:
    """Send what is due, the longest due first; return how many messages were tried."""
    with suppress(RedisError, OSError):
        cache.delete(WOKEN)
    tried, end = 0, time.monotonic() + MOST_SECONDS
    while time.monotonic() < end:
        rows = _claim(timezone.now())
        if not rows:
            break
        _deliver(rows)
        tried += 1
    return tried


@transaction.atomic
def _claim(now: datetime) -> list[NotificationDelivery]:
    """Take the delivery that is longest due, with those that go together with it."""
    due = NotificationDelivery.objects.filter(state=DeliveryState.QUEUED, due_at__lte=now)
    first = due.order_by("due_at", "pk").select_for_update(skip_locked=True).first()
    if first is None:
        return []
    keys = [first.pk]
    if first.together:
        others = due.filter(user=first.user_id, channel=first.channel, together=True)
        others = others.exclude(pk=first.pk).order_by("pk").select_for_update(skip_locked=True)
        keys += others.values_list("pk", flat=True)[: MOST_TOGETHER - 1]
    until = now + LEASE + timedelta(microseconds=secrets.randbelow(1_000_000))
    due.filter(pk__in=keys).update(
        state=DeliveryState.SENDING, attempts=F("attempts") + 1, due_at=until
    )
    mine = NotificationDelivery.objects.filter(
        pk__in=keys, state=DeliveryState.SENDING, due_at=until
    )
    return list(mine.select_related("rule", "user", "organization").order_by("-pk"))


def _deliver(rows: list[NotificationDelivery]) -> None:
    channel = channels.get(rows[0].channel) if rows[0].channel in channels else None
    if channel is None or not _may_go(rows[0]):
        _end(rows, DeliveryState.DROPPED, "the receiver is gone, off, or not confirmed")
        return
    rows = _still_seen(rows)
    if not rows:
        return
    subject = f"{rows[0].rule_id or rows[0].user_id}:{rows[0].user_id or 'rule'}"
    limit = RateLimit(f"notifications.{channel.slug}", channel.per_hour, HOUR)
    if wait := limit.retry_after(subject):
        _later(rows, wait, counts=False)
        return
    limit.failed(subject)
    try:
        reference = channel.send(_addressee(channel, rows[0]), [letter_of(row) for row in rows])
    except DeliveryError as error:
        _refused(channel, rows, error)
    except DomainError as error:
        _refused(channel, rows, DeliveryError(error.message, permanent=True))
    except Exception as error:  # a channel is a plug-in: the next message still goes
        logger.exception("channel %s failed", channel.slug)
        kind = type(error).__name__
        _refused(channel, rows, DeliveryError(f"the channel failed: {kind}", permanent=False))
    else:
        logger.info("notification %s went by %s: %s", rows[0].uid, channel.slug, reference)
        _end(rows, DeliveryState.SENT)


def _may_go(row: NotificationDelivery) -> bool:
    if row.rule is not None:
        if row.rule.confirmed_at is None:
            return False
        return row.rule.is_on or row.kind == "test"
    return row.user is not None and row.user.is_active


def _still_seen(rows: list[NotificationDelivery]) -> list[NotificationDelivery]:
    """Drop what its reader may not see any more; some of it waited for hours."""
    gone = [
        row
        for row in rows
        if row.user is not None
        and not sees_any(row.user, row.target_model, row.target_ids, _action_of(row))
    ]
    if gone:
        _end(gone, DeliveryState.DROPPED, NOT_SEEN)
    return [row for row in rows if row not in gone]


def _action_of(row: NotificationDelivery) -> str:
    return kinds.get(row.kind).action if row.kind in kinds else "view"


def _addressee(channel: Channel, row: NotificationDelivery) -> Addressee:
    if row.rule is None:
        return channel.addressee(row.user)
    rule = row.rule
    return Addressee(plain(rule.destination), plain(rule.secret), rule=f"{rule}")


def plain(value: Any) -> str:
    """Return a sealed column in the clear."""
    return value.reveal() if isinstance(value, Sealed) else f"{value or ''}"


def letter_of(row: NotificationDelivery) -> Letter:
    """Return a delivery as channels take it, with absolute addresses."""
    base = settings.PUBLIC_URL
    items = [{**item, "url": f"{base}{item['url']}" if item["url"] else ""} for item in row.items]
    return Letter(
        id=f"{row.uid}",
        kind=row.kind,
        level=row.level,
        title=row.title,
        text=row.text,
        url=f"{base}{row.url}" if row.url else "",
        button=kinds.get(row.kind).button if row.kind in kinds else "Look at it",
        count=row.count,
        items=items,
        organization={"uid": f"{row.organization.uid}", "name": row.organization.name},
        at=row.created_at.isoformat(timespec="seconds"),
    )


def _refused(channel: Channel, rows: list[NotificationDelivery], error: DeliveryError) -> None:
    """Try again later, or give up; others for a receiver that is away wait as well."""
    row = rows[0]
    logger.warning("notification %s did not go by %s: %s", row.uid, channel.slug, error)
    is_old = timezone.now() - row.created_at > LONGEST_WAIT and not row.together
    if error.permanent or is_old or row.attempts >= channel.attempts:
        _end(rows, DeliveryState.FAILED, f"{error}")
        return
    pause = min(LONGEST_PAUSE, pause_after(row.attempts - 1))
    _later(rows, pause, error=f"{error}")
    if row.rule_id is not None:
        until = timezone.now() + timedelta(seconds=pause)
        waiting = NotificationDelivery.objects.filter(state=DeliveryState.QUEUED, rule=row.rule_id)
        waiting.filter(due_at__lt=until).update(due_at=until)


@transaction.atomic
def _later(
    rows: list[NotificationDelivery], seconds: float, *, error: str = "", counts: bool = True
) -> None:
    due = timezone.now() + timedelta(seconds=seconds)
    values: dict[str, Any] = {"due_at": due, "error": error[:300]}
    if not counts:
        values["attempts"] = F("attempts") - 1
    _move(rows, DeliveryState.QUEUED, **values)
    _note(rows, error)


@transaction.atomic
def _end(rows: list[NotificationDelivery], to: str, error: str = "") -> None:
    _move(rows, to, ended_at=timezone.now(), error=error[:300])
    _note(rows, error, is_sent=to == DeliveryState.SENT)


def _move(rows: list[NotificationDelivery], to: str, **values: Any) -> None:
    """Compare-and-set: only what this worker still has is moved."""
    NotificationDelivery.objects.filter(
        pk__in=[row.pk for row in rows], state__in=ALLOWED_FROM[to], due_at=rows[0].due_at
    ).update(state=to, **values)


def _note(rows: list[NotificationDelivery], error: str, *, is_sent: bool = False) -> None:
    """Keep on the rule how it goes, and tell who looks at it."""
    rule, now = rows[0].rule, timezone.now()
    if rule is None:
        return
    rows_of = NotificationRule.objects.filter(pk=rule.pk)
    if is_sent:
        rows_of.update(last_sent_at=now, last_error="")
    elif error:
        rows_of.update(last_error=error[:300], last_error_at=now)
    changed_on_commit(rows[0], f"org.{rows[0].organization.uid}")
