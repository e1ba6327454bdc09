"""What other apps call when something happened: one row, in their own transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from redis.exceptions import RedisError

from core.jobs import enqueue
from notifications.constants import SPREAD_TASK
from notifications.kinds import Kind
from notifications.models import Occurrence

PORTION = 1000
WOKEN = "notifications.spread.woken"
WOKEN_SECONDS = 5


@dataclass(frozen=True)
class Happened:
    """One thing to tell of. `target` is the object concerned, which readers must be able to see.

    Without rows at hand, `target_id`, `name` and `url` stand for it. `once` names what must be
    told a single time, however often it is reported. With `after` only those hear of it whose
    waiting for an absence that began `at` is one of these.
    """

    organization_id: int
    target: models.Model | None = None
    target_id: int | None = None
    name: str = ""
    url: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    tags: Sequence[str] = ()
    meshes: Sequence[str] = ()
    after: Sequence[int] = ()
    once: str = ""
    at: datetime | None = None


def notify(
    kind: type[Kind],
    organization: Any,
    target: models.Model | None = None,
    *,
    to: Iterable[Any] = (),
    once: str = "",
    url: str = "",
    tags: Sequence[str] = (),
    meshes: Sequence[str] = (),
    **facts: Any,
) -> None:
    """Tell of one thing that happened: those who may view `target` and want this kind, or `to`.

    Call it within the transaction of what happened; a worker makes the messages. `to` are the only
    users concerned. `tags` and `meshes` are what rules may ask for, those of `target` if it has
    any. `facts` are plain values for the titles of the kind, for webhooks and rules; a
    fact `message` becomes the text. Nothing secret: it is mailed.
    """
    notify_many(
        kind,
        [
            Happened(
                organization.pk,
                target,
                url=url,
                facts=facts,
                once=once,
                tags=tags or getattr(target, "tags", ()),
                meshes=meshes or getattr(target, "mesh_ids", ()),
            )
        ],
        to=to,
    )


def notify_many(
    kind: type[Kind],
    happened: Iterable[Happened],
    *,
    to: Iterable[Any] = (),
    model: type[models.Model] | None = None,
) -> int:
    """Tell of many things at once, by statements of a thousand rows; return how many.

    `model` is what `target_id` counts in. Enqueues one task when the transaction commits.
    """
    people = sorted({user.pk for user in to})
    now = timezone.now()
    rows = [_row(kind, entry, people, now, model) for entry in happened]
    for start in range(0, len(rows), PORTION):
        portion = rows[start : start + PORTION]
        is_once = any(row.once for row in portion)
        Occurrence.objects.bulk_create(portion, ignore_conflicts=is_once)
    if rows:
        transaction.on_commit(wake)
    return len(rows)


def wake() -> None:
    """Have a worker look for what is due; one call is enough for many rows."""
    if settings.MESSAGES_INLINE:
        import_string("notifications.tasks.spread")()
        return
    with suppress(RedisError, OSError):  # without the cache more are woken than needed
        if not cache.add(WOKEN, 1, WOKEN_SECONDS):
            return  # a worker is on its way, and looks after this commit
    enqueue(SPREAD_TASK, queue="notifications")


def _row(
    kind: type[Kind],
    happened: Happened,
    people: list[int],
    now: datetime,
    model: type[models.Model] | None,
) -> Occurrence:
    target = happened.target
    told_of = type(target) if target is not None else model
    get_url = getattr(target, "get_absolute_url", None)
    url = happened.url or (get_url() if get_url else "")
    return Occurrence(
        organization_id=happened.organization_id,
        kind=kind.slug,
        fold=_fold(kind, happened, people),
        target_model=told_of._meta.label_lower if told_of is not None else "",
        target_id=target.pk if target is not None else happened.target_id,
        name=(happened.name or (f"{target}" if target is not None else ""))[:200],
        url=url[:300],
        facts=happened.facts,
        tags=list(happened.tags),
        meshes=list(happened.meshes),
        people=people,
        after=list(happened.after),
        once=happened.once or None,
        happened_at=happened.at or now,
        due_at=now + timedelta(seconds=kind.window),
    )


def _fold(kind: type[Kind], happened: Happened, people: list[int]) -> str:
    """Return what things have in common that are told together."""
    whom = _short(people) if people else "all"
    when = f":{_short(sorted(happened.after))}" if happened.after else ""
    return f"{kind.slug}:{happened.organization_id}:{whom}{when}"


def _short(values: list[int]) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{values}").hex[:16]
