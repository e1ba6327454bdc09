"""How a fleet is doing, in numbers that a hundred dashboards may ask for every second.

A small fleet is counted each time. Counting a large one takes a while, so what was counted is
shared by all who may see exactly the same devices, and counted again at the earliest after twenty
times as long as it took: each such scope costs the database a twentieth of one processor at the
most, however many look and however often devices call.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from builds.choices import BuildStatus
from builds.models import Build
from devices import presence
from devices.querysets import ever_built, update_waiting, with_newest_build

logger = logging.getLogger(__name__)

LARGE = 5_000
SHARE_OF_TIME = 20
LONGEST_REST = 60.0
COUNTING_SECONDS = 30
KEPT_SECONDS = 600


@dataclass(frozen=True)
class Fleet:
    """Counts of devices. `late` are online and missed their last call; levels are as last said."""

    total: int = 0
    online: int = 0
    late: int = 0
    warning: int = 0
    error: int = 0
    outdated: int = 0
    never_built: int = 0

    @property
    def offline(self) -> int:
        """Return those that are silent, or never called."""
        return self.total - self.online


KINDS = tuple(kind.name for kind in fields(Fleet))


def fleet_of(devices: QuerySet[Any]) -> Fleet:
    """Return the counts of these devices, which the reader may view."""
    key = f"fleet:{_digest(devices)}"
    stored = _from_cache(key)
    if stored is not None and (stored["until"] > time.time() or not _first(key)):
        return Fleet(**stored["fleet"])
    began = time.monotonic()
    fleet = _counted(devices)
    took = time.monotonic() - began
    if fleet.total > LARGE:
        until = time.time() + min(took * SHARE_OF_TIME, LONGEST_REST)
        said = {"until": until, "fleet": asdict(fleet)}
        _quietly(lambda: cache.set(key, said, KEPT_SECONDS))
        _quietly(lambda: cache.delete(f"{key}:counting"))
    return fleet


def _digest(devices: QuerySet[Any]) -> str:
    """Return what stands for exactly these devices: the question itself, with its values.

    And for what is counted: a release that counts something else keeps its counts apart.
    """
    question = f"{devices.order_by().query.sql_with_params()!r} {KINDS}"
    return hashlib.sha256(question.encode()).hexdigest()


def _counted(devices: QuerySet[Any]) -> Fleet:
    now = timezone.now()
    late = presence.late(now)
    found = devices.order_by().aggregate(
        total=Count("pk"),
        online=Count("pk", filter=presence.online(now) | late),
        late=Count("pk", filter=late),
        warning=Count("pk", filter=Q(state__level="warning")),
        error=Count("pk", filter=Q(state__level="error")),
    )
    return Fleet(**found, **_firmware(devices, found["total"]))


def _firmware(devices: QuerySet[Any], total: int) -> dict[str, int]:
    """Count by what was built for the devices, asking only those that ever had a build."""
    built = Build.objects.filter(status=BuildStatus.SUCCEEDED, device__isnull=False)
    with_builds = devices.filter(pk__in=built.order_by().values("device"))
    found = with_newest_build(with_builds.order_by()).aggregate(
        built=Count("pk", filter=ever_built()), outdated=Count("pk", filter=update_waiting())
    )
    return {"outdated": found["outdated"], "never_built": total - found["built"]}


def _first(key: str) -> bool:
    """Tell whether nobody else counts just now; the others take what there is."""
    return bool(_quietly(lambda: cache.add(f"{key}:counting", 1, COUNTING_SECONDS)))


def _from_cache(key: str) -> Any:
    return _quietly(lambda: cache.get(key))


def _quietly(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except (RedisError, OSError) as error:
        logger.warning("cache away, a fleet is counted each time: %s", error)
        return None
