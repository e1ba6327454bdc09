"""The sign of life of the bridge, which `/health/ready` looks for."""

from __future__ import annotations

import logging
import time

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

KEY = "mqtt.bridge"
BEAT_SECONDS = 5.0
SILENCE_SECONDS = 30.0


def beat() -> None:
    """Note that the bridge is connected and handles what it hears."""
    try:
        cache.set(KEY, time.time(), int(SILENCE_SECONDS) * 2)
    except (RedisError, OSError) as error:
        logger.warning("cache away, the bridge looks down: %s", error)


def is_alive() -> bool:
    """Tell whether a bridge was connected lately."""
    try:
        at = cache.get(KEY)
    except (RedisError, OSError):
        return False
    return at is not None and time.time() - float(at) < SILENCE_SECONDS
