"""Makes messages of what happened: into inboxes at once, and rows of what is still to be sent.

All of one message is one transaction: the things it tells of are marked, the inbox rows and the
deliveries are written, or nothing is. So a killed worker loses nothing and tells nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.models import Organization
from notifications.channels import channels
from notifications.constants import MOST_FOLDED, MOST_SPREAD
from notifications.kinds import Kind, kinds
from notifications.kinds._base import Item, Told
from notifications.models import NotificationDelivery, Occurrence
from notifications.selectors import matching_rules, readers
from notifications.services.delivering import deliveries_wake, delivery_by_rule, delivery_to_person
from notifications.services.inbox import inbox_put
from notifications.services.telling import PORTION, WOKEN

logger = logging.getLogger(__name__)

PUT_OFF = timedelta(minutes=5)


def spread_due() -> int:
    """Make the messages that are due, the longest due first; return how many."""
    with suppress(RedisError, OSError):
        cache.delete(WOKEN)
    done = 0
    while done < MOST_SPREAD and _spread_next(timezone.now()):
        done += 1
    return done


@transaction.atomic
def _spread_next(now: datetime) -> bool:
    """Deal with the fold that is longest due; False when there is none."""
    waiting = Occurrence.objects.filter(spread_at=None)
    due = waiting.filter(due_at__lte=now).order_by("due_at", "pk")
    first = due.select_for_update(skip_locked=True).first()
    if first is None:
        return False
    rows = list(
        waiting.filter(fold=first.fold)
        .order_by("pk")
        .select_for_update(skip_locked=True)[:MOST_FOLDED]
    )
    if first.kind not in kinds:  # of an app that is not installed any more
        _mark(rows, spread_at=now)
        return True
    kind = kinds.get(first.kind)
    until = _paused_until(kind, first.fold, now)
    if until > now:
        _mark(rows, due_at=until)
        return True
    try:
        with transaction.atomic():
            _tell(kind, first, rows)
    except Exception:  # a kind is a plug-in: what ails one must not keep the others silent
        logger.exception("%s could not be told, it waits", first.kind)
        _mark(rows, due_at=now + PUT_OFF)
        return True
    _mark(rows, spread_at=now)
    return True


def _mark(rows: Sequence[Occurrence], **values: Any) -> None:
    """Update exactly these rows: others of the fold may have come meanwhile."""
    keys = [row.pk for row in rows]
    for start in range(0, len(keys), PORTION):
        Occurrence.objects.filter(pk__in=keys[start : start + PORTION]).update(**values)


def _paused_until(kind: Kind, fold: str, now: datetime) -> datetime:
    """Return until when this fold says no more, after it has just said something."""
    last = Occurrence.objects.filter(fold=fold).aggregate(last=Max("spread_at"))["last"]
    return last + timedelta(seconds=kind.pause) if last is not None else now


def _tell(kind: Kind, first: Occurrence, rows: Sequence[Occurrence]) -> None:
    organization = Organization.objects.get(pk=first.organization_id)
    told = Told(organization, [_item(row) for row in rows])
    deliveries: list[NotificationDelivery] = []
    if kind.for_rules:
        for rule, part in matching_rules(kind, told):
            deliveries.append(delivery_by_rule(rule, kind, part, first.target_model))
    inboxes = []
    for reader in readers(kind, told, first):
        if "inbox" in reader.channels:
            inboxes.append((reader.user, reader.told))
        for slug in reader.channels - {"inbox"}:
            if channels.get(slug).reaches(reader.user):
                deliveries.append(
                    delivery_to_person(reader.user, slug, kind, reader.told, first.target_model)
                )
    inbox_put(kind, inboxes)
    NotificationDelivery.objects.bulk_create(deliveries, batch_size=500)
    deliveries_wake(deliveries)


def _item(row: Occurrence) -> Item:
    return Item(
        pk=row.target_id,
        name=row.name,
        url=row.url,
        facts=row.facts,
        at=row.happened_at.isoformat(timespec="seconds"),
        tags=row.tags,
        meshes=row.meshes,
        began=row.happened_at,
        after=row.after,
    )
