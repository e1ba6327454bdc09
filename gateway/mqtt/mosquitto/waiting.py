"""A new device's answer waits until Mosquitto has its credentials, within reason.

Two counters in the cache: what was wanted last, and up to where Mosquitto is known to have read.
"""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

WANTED, WRITTEN = "mqtt.mosquitto.wanted", "mqtt.mosquitto.written"
SECONDS_BETWEEN = 0.05


def announce_credentials() -> None:
    """Have new credentials written, and return when Mosquitto has them or the time is over.

    To be called after the commit that made them. Does nothing with another broker.
    """
    if settings.MQTT_BROKER != "mosquitto":
        return
    deadline = time.monotonic() + settings.MQTT_REGISTRATION_SECONDS
    try:
        cache.add(WANTED, 0, None)
        mine = cache.incr(WANTED)
        while time.monotonic() < deadline:
            if cache.get(WRITTEN, 0) >= mine:
                return
            time.sleep(SECONDS_BETWEEN)
    except (RedisError, OSError, ValueError) as error:
        logger.warning("cache away, new MQTT credentials are not waited for: %s", error)


def wanted() -> int:
    """Return how far credentials are wanted; 0 with the cache away."""
    try:
        return int(cache.get(WANTED, 0))
    except (RedisError, OSError):
        return 0


def tell_written(number: int) -> None:
    """Let those go on who waited for what was wanted up to this number."""
    try:
        cache.set(WRITTEN, number, None)
    except (RedisError, OSError) as error:
        logger.warning("cache away, nobody hears of new MQTT credentials: %s", error)
