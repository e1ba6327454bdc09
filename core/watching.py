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
    try:
        cache.set_many({_key(group): 1 for group in groups}, SECONDS)
    except (RedisError, OSError) as error:
        logger.warning("cache away, live pages may lag: %s", error)


def watched(groups: Iterable[str]) -> list[str]:
    """Return those of the groups that somebody listens to; one request to the cache."""
    keys = {_key(group): group for group in groups}
    if not keys:
        return []
    try:
        return [keys[key] for key in cache.get_many(list(keys))]
    except (RedisError, OSError) as error:
        logger.warning("cache away, live pages may lag: %s", error)
        return []


def _key(group: str) -> str:
    return f"watched:{group}"
