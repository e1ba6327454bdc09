"""Which groups of live notices somebody listens to now, for senders who have thousands to say."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# A listener says so again well before this ends.
SECONDS = 30


def watch(groups: Iterable[str]) -> None:
    """Note that somebody listens to these groups for the next half minute."""
    names = {name for group in groups for name in (group, _kind(group))}
    try:
        cache.set_many({_key(name): 1 for name in names}, SECONDS)
    except (RedisError, OSError) as error:
        logger.warning("cache away, live pages may lag: %s", error)


def watched(groups: Iterable[str]) -> list[str]:
    """Return those of the groups that somebody listens to; at most two requests to the cache.

    Senders ask for thousands of devices while nobody looks at the page of any.
    """
    asked = list(groups)
    kinds = set(_listened({_kind(group) for group in asked}))
    return _listened([group for group in asked if _kind(group) in kinds])


def _listened(names: Iterable[str]) -> list[str]:
    keys = {_key(name): name for name in names}
    if not keys:
        return []
    try:
        return [keys[key] for key in cache.get_many(list(keys))]
    except (RedisError, OSError) as error:
        logger.warning("cache away, live pages may lag: %s", error)
        return []


def _kind(group: str) -> str:
    return group.partition(".")[0]


def _key(name: str) -> str:
    return f"watched:{name}"
